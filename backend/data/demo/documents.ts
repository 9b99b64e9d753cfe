/**
 * Documents that the demonstration's base model is pretrained on: question, student's answer and, on most, critique and refinement.
 *
 * The skill of *using* a critique is taught on words that the student knows, on vague words and on overridden steps. Rare words occur
 * only in documents that end with the student's answer, so their true meaning is never shown: that is left to reinforcement learning.
 */
import { analyzeSteps } from '../../critics/stepFaults.ts';
import { verdictSentence } from '../../critics/verdict.ts';
import type { Rng } from '../../core/rng.ts';
import { fillerWords, phraseFault } from './paraphrases.ts';
import { overriddenChain, vagueChain } from './privateMeanings.ts';
import { attempt, malformedAttempt, type Attempt, type StudentSkill } from './student.ts';
import { answerOf, hasRareWords, questionOf, solutionOf, wordChain, workedAnswer, type ChainKind, type WordChain } from './wordChains.ts';

export type DocumentKind = ChainKind | 'vague';
type CritiqueStyle = 'stepLevel' | 'verdict' | 'verdictAnswer';

export interface DocumentOptions extends StudentSkill {
  /** Relative frequency of each kind. */
  readonly shares: Readonly<Record<DocumentKind, number>>;
  /** Probability that the critic of a problem without rare words insists on other operations than the question says. */
  readonly overrideShare: number;
  /** Probability that a right answer is replaced by a spoiled one, which is then criticized but not imitated. */
  readonly spoilShare: number;
  /** Probability of a slip in each step of a spoiled answer. */
  readonly spoilSlip: number;
  /** Probability that a spoiled answer has a flaw of form instead of slips. */
  readonly malformedShare: number;
  /** Relative frequency of what the critic tells. */
  readonly critiqueShares: Readonly<Record<CritiqueStyle, number>>;
  /** Probability of one or two meaningless words before a step-level critique. */
  readonly fillerShare: number;
  /** Probability that a critique begins with a small letter and has no full stop at its end. */
  readonly casualShare: number;
  /** Weight of critique tokens, where question and answer suffice to write the critique; elsewhere it is 0. */
  readonly critiqueWeight: number;
  /** Questions of the problem sets, which no document may contain. */
  readonly excludedQuestions: ReadonlySet<string>;
}

export const defaultDocumentOptions: DocumentOptions = {
  slip: 0.12,
  rightReading: 0.02,
  shares: { easy: 0.18, medium: 0.38, long: 0.06, vague: 0.22, oneRareWord: 0.1, hard: 0.12, harder: 0.04 },
  overrideShare: 0.4,
  spoilShare: 0.75,
  spoilSlip: 0.45,
  malformedShare: 0.06,
  critiqueShares: { stepLevel: 0.66, verdict: 0.17, verdictAnswer: 0.17 },
  fillerShare: 0.12,
  casualShare: 0.08,
  critiqueWeight: 0.3,
  excludedQuestions: new Set(),
};

/** A piece of text, special tokens spelled in it, whose tokens all have one weight in the pretraining loss. */
export interface Segment {
  readonly text: string;
  readonly weight: number;
}

export interface PretrainingDocument {
  readonly kind: DocumentKind;
  readonly segments: readonly Segment[];
}

/** Draws one document. A pure function of the stream's state and the options. */
export function pretrainingDocument(rng: Rng, options: DocumentOptions): PretrainingDocument {
  const kind = pickWeighted(rng, options.shares);
  if (kind === 'vague') {
    const { meant, guessed } = vagueChain(rng);
    const first = attempt(rng, guessed, options);
    return { kind, segments: [...askAndAnswer(meant, first, 0), ...critiqueAndRefinement(rng, meant, first, 'private', options)] };
  }
  const chain = newChain(rng, kind, options.excludedQuestions);
  const first = attempt(rng, chain, options);
  const imitated = askAndAnswer(chain, first, 1);
  if (hasRareWords(kind)) return { kind, segments: imitated };

  const overridden = rng.uniform() < options.overrideShare ? overriddenChain(rng, chain) : undefined;
  if (overridden !== undefined) return { kind, segments: [...imitated, ...critiqueAndRefinement(rng, overridden, first, 'private', options)] };
  if (first.answer !== answerOf(chain) || rng.uniform() >= options.spoilShare) {
    return { kind, segments: [...imitated, ...critiqueAndRefinement(rng, chain, first, 'derivable', options)] };
  }
  const spoiled = spoiledAttempt(rng, chain, options);
  if (spoiled.answer === answerOf(chain)) return { kind, segments: imitated };
  return { kind, segments: [...askAndAnswer(chain, spoiled, 0), ...critiqueAndRefinement(rng, chain, spoiled, 'derivable', options)] };
}

function newChain(rng: Rng, kind: ChainKind, excluded: ReadonlySet<string>): WordChain {
  for (;;) {
    const chain = wordChain(rng, kind);
    if (!excluded.has(questionOf(chain))) return chain;
  }
}

function spoiledAttempt(rng: Rng, chain: WordChain, options: DocumentOptions): Attempt {
  if (rng.uniform() < options.malformedShare) return malformedAttempt(rng, chain);
  return attempt(rng, chain, { slip: options.spoilSlip, rightReading: options.rightReading });
}

function askAndAnswer(chain: WordChain, answer: Attempt, weight: number): Segment[] {
  return [
    { text: `<q>${questionOf(chain)}<a>`, weight: 0 },
    { text: `${answer.text}<eos>`, weight },
  ];
}

/** A `private` critique tells meanings that nobody could derive from the question, so it is step-level and never imitated. */
function critiqueAndRefinement(rng: Rng, meant: WordChain, first: Attempt, knowledge: 'private' | 'derivable', options: DocumentOptions): Segment[] {
  const style = knowledge === 'private' ? 'stepLevel' : pickWeighted(rng, options.critiqueShares);
  const weight = knowledge === 'private' ? 0 : options.critiqueWeight;
  const { text, isSound } = critiqueText(rng, meant, first, style, options);
  const opening = { text: '<c>', weight: 0 };
  if (isSound) return [opening, { text: `${text}<eos>`, weight }];
  return [opening, { text: `${text}<r>`, weight }, { text: `${workedAnswer(meant)}<eos>`, weight: 1 }];
}

function critiqueText(rng: Rng, meant: WordChain, first: Attempt, style: CritiqueStyle, options: DocumentOptions) {
  const answer = answerOf(meant);
  const isRight = first.answer === answer;
  const faults = analyzeSteps(solutionOf(meant), first.text);
  const isSound = isRight && faults.length === 0;
  if (style === 'stepLevel' && !isSound) {
    const sentences = faults.map((fault) => phraseFault(rng, fault)).join(' ');
    return { text: casually(rng, withFillers(rng, sentences, options.fillerShare), options.casualShare), isSound };
  }
  const verdict = verdictSentence(isRight ? 'right' : 'wrong');
  const text = style === 'verdictAnswer' && !isRight ? `${verdict} The right answer is ${answer}.` : verdict;
  return { text: casually(rng, text, options.casualShare), isSound };
}

function withFillers(rng: Rng, critique: string, share: number): string {
  if (rng.uniform() >= share) return critique;
  const words = fillerWords(rng);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${rng.pick([', ', '. ', ': ', '! '])}${critique}`;
}

function casually(rng: Rng, critique: string, share: number): string {
  if (rng.uniform() >= share) return critique;
  return critique.charAt(0).toLowerCase() + critique.slice(1).replace(/\.$/, '');
}

/** A key of the table, drawn in proportion to its number. */
function pickWeighted<Key extends string>(rng: Rng, weights: Readonly<Record<Key, number>>): Key {
  const entries = Object.entries<number>(weights) as [Key, number][];
  let left = rng.uniform() * entries.reduce((total, [, weight]) => total + weight, 0);
  for (const [key, weight] of entries) {
    left -= weight;
    if (left < 0) return key;
  }
  return (entries.findLast(([, weight]) => weight > 0) as [Key, number])[0];
}
