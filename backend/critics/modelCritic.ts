/** Critiques written by a model: asked, checked against the verifier, asked anew where they contradict it, replaced where that does not help. */
import type { CriticOptions } from '../protocol/criticConfig.ts';
import type { Message } from '../protocol/records.ts';
import { conclusionOf, critiqueText } from './conclusion.ts';
import type { Answer, CallReport, CriticInput, Generate, ReportedCritique } from './critic.ts';
import { verdictSentence } from './verdict.ts';
import { verdictAnswerText } from './verdictAnswer.ts';

export interface ModelCritiqueRequest {
  readonly inputs: readonly CriticInput[];
  readonly messagesOf: (input: CriticInput) => readonly Message[];
  readonly generate: Generate;
  /** Null for the policy itself. */
  readonly model: string | null;
  readonly seeds: readonly number[];
  readonly options: Pick<CriticOptions, 'maxRegenerations' | 'fallback'>;
  /** A critique without a conclusion counts as one that contradicts the verifier. */
  readonly requiresConclusion: boolean;
}

/** One input on its way. */
interface Draft {
  readonly input: CriticInput;
  readonly seed: number;
  readonly answers: Answer[];
  disagreements: number;
  text: string | null;
  conclusion: 'right' | 'wrong' | null;
}

/**
 * At most `1 + maxRegenerations` rounds; in each, what is not settled is asked together. An answer that could not be had is not asked for again:
 * whoever generates has tried. What the verifier could not grade is not criticized.
 */
export async function writeByModel(request: ModelCritiqueRequest): Promise<ReportedCritique[]> {
  const { options } = request;
  const started = performance.now();
  const drafts = request.inputs.map((input, i): Draft => {
    return { input, seed: request.seeds[i] ?? 0, answers: [], disagreements: 0, text: null, conclusion: null };
  });
  let open = drafts.filter(({ input }) => input.verdict.status !== 'failed');
  for (let round = 0; round <= options.maxRegenerations && open.length > 0; round++) {
    const answers = await request.generate(
      open.map(({ input }) => request.messagesOf(input)),
      'critique',
      open.map(({ seed }) => seedOfRound(seed, round)),
      round,
    );
    open = open.filter((draft, i) => !settle(draft, answers[i], request.requiresConclusion));
  }
  const seconds = (performance.now() - started) / 1000;
  return drafts.map((draft) => reported(draft, request, seconds));
}

/** False: to be asked again. */
function settle(draft: Draft, answer: Answer | undefined, requiresConclusion: boolean): boolean {
  if (answer === undefined) throw new Error('the model returned too few answers');
  draft.answers.push(answer);
  if (answer.error !== null) return true;
  const text = critiqueText(answer.text);
  draft.conclusion = conclusionOf(text);
  const agrees = draft.conclusion === null ? !requiresConclusion : draft.conclusion === draft.input.verdict.status;
  if (agrees && text !== '') {
    draft.text = text;
    return true;
  }
  draft.disagreements += 1;
  return false;
}

function reported(draft: Draft, { model, options }: ModelCritiqueRequest, seconds: number): ReportedCritique {
  const { input, text } = draft;
  const call = reportOf(draft.answers, { model, conclusion: draft.conclusion, disagreements: draft.disagreements, seconds });
  if (text !== null) return { text, call };
  const error = problemOf(draft);
  if (input.verdict.status === 'failed' || options.fallback === 'none') return { text: null, call: { ...call, error } };
  const isVerdict = options.fallback === 'verdict';
  return {
    text: isVerdict ? verdictSentence(input.verdict.status) : verdictAnswerText(input),
    kind: options.fallback,
    author: isVerdict ? 'verdict' : 'verdict-answer',
    call: { ...call, fallback: options.fallback, error },
  };
}

/** What all answers to one input come to. */
export function reportOf(
  answers: readonly Answer[],
  { model, conclusion, disagreements, seconds }: Pick<CallReport, 'model' | 'conclusion' | 'disagreements' | 'seconds'>,
): CallReport {
  const sum = (of: (answer: Answer) => number): number => answers.reduce((total, answer) => total + of(answer), 0);
  const last = answers.at(-1);
  return {
    model,
    attempts: sum(({ attempts }) => attempts),
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    cost: sum(({ cost }) => cost),
    isCached: answers.length > 0 && answers.every(({ isCached }) => isCached),
    conclusion,
    disagreements,
    fallback: null,
    isCutOff: last?.isCutOff ?? false,
    error: null,
    seconds,
  };
}

function problemOf({ input, answers, conclusion, disagreements }: Draft): string {
  const last = answers.at(-1);
  if (last === undefined) return input.verdict.status === 'failed' ? 'the verifier could not grade the answer' : 'it was not asked';
  if (last.error !== null) return last.error;
  if (last.isCutOff && conclusion === null) return 'the critique was cut off before its conclusion';
  const said = conclusion === null ? 'without a conclusion' : `that call the answer ${conclusion}`;
  return `${disagreements} critiques ${said}, where the verifier calls it ${input.verdict.status}`;
}

/** Another draw for each round, the same each time. */
function seedOfRound(seed: number, round: number): number {
  return (seed + Math.imul(round, 0x9e3779b1)) >>> 0;
}
