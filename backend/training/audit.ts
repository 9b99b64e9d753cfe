/** What may make a critique or a refinement a bad teacher, found in its text: leaked answers, copied reasoning, words about what is not trained with. */
import type { Audit, AuditFlag, Critique, CritiqueCall, Refinement, Rollout } from '../protocol/records.ts';
import type { Collected } from './collect.ts';

/** Reasoning that shares this part of its words with the failed one, and every number, is the failed one again. */
const sameReasoning = 0.9;
/** Longer texts are compared by their beginnings: the comparison takes time by the square. */
const maxWords = 1500;

/** Words that refer to a context which a refinement is not trained with. English, as the built-in critics and prompts are. */
const speaksOfCritique = /\b(critique|criticism|feedback|previous (answer|attempt|solution|response)|as you (said|noted|pointed out))\b/i;

/** The audits of a step's critiques and refinements; none for those without a flag. */
export function auditsOf({ groups, rollouts, critiques, critiqueCalls, refined }: Collected, runId: string): Audit[] {
  const problemIdOf = new Map(rollouts.map(({ id, problemId }) => [id, problemId]));
  const answerOf = new Map(groups.map(({ problem }) => [problem.id, problem.answer]));
  const callOf = new Map(critiqueCalls.map((call) => [call.rolloutId, call]));
  const ofCritiques = critiques.map(({ id, rolloutId, text }) => {
    const flags = critiqueFlags({ text }, answerOf.get(problemIdOf.get(rolloutId) ?? '') ?? '', callOf.get(rolloutId));
    return { id, rolloutId, subject: 'critique' as const, flags };
  });
  // What a person wrote is examined when it is first learned from.
  const ofPeople = refined
    .filter(({ isEnlisted }) => isEnlisted)
    .map(({ critique, problem }) => {
      return { id: critique.id, rolloutId: critique.rolloutId, subject: 'critique' as const, flags: critiqueFlags(critique, problem.answer) };
    });
  const ofRefinements = refined.map(({ refinement, rollout }) => {
    return { id: refinement.id, rolloutId: rollout.id, subject: 'refinement' as const, flags: refinementFlags(refinement, rollout) };
  });
  return [...ofCritiques, ...ofPeople, ...ofRefinements].filter(({ flags }) => flags.length > 0).map((audit) => ({ ...audit, runId }));
}

/** `call`: how a critique by a model came about. */
export function critiqueFlags(
  { text }: Pick<Critique, 'text'>,
  answer: string,
  call?: Pick<CritiqueCall, 'isCutOff' | 'fallback' | 'error'>,
): AuditFlag[] {
  const flags: AuditFlag[] = [];
  if (mentions(text, answer)) flags.push('statesAnswer');
  if (call?.isCutOff === true && call.fallback === null) flags.push('cutOff');
  return flags;
}

export function refinementFlags({ completion, finish }: Pick<Refinement, 'completion' | 'finish'>, failed: Pick<Rollout, 'completion'>): AuditFlag[] {
  const flags: AuditFlag[] = [];
  if (isSameText(completion, failed.completion)) flags.push('unchanged');
  else if (isSameReasoning(completion, failed.completion)) flags.push('answerOnly');
  if (speaksOfCritique.test(completion)) flags.push('speaksOfCritique');
  if (finish === 'length') flags.push('cutOff');
  return flags;
}

/**
 * Whether the answer stands in the text by itself, however it is written: 15 does not stand in 150, 15.5, 0.15 or "Step 15", and 1234 does in
 * "$1,234$".
 */
export function mentions(text: string, answer: string): boolean {
  const wanted = normalized(answer).trim();
  if (wanted === '') return false;
  const literal = wanted.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  // A sign makes it another number, and "step 2" is none.
  const ofNumber = /^\d/.test(wanted) ? String.raw`|(?<![\p{N}\p{L})])-|\bstep\s{1,3}#?` : '';
  const before = String.raw`(?<![\p{L}\p{N}_]|\p{N}[.,]${ofNumber})`;
  return new RegExp(`${before}${literal}(?![\\p{L}\\p{N}]|[.,]\\p{N})`, 'u').test(normalized(text));
}

/** Equal but for case and white space. */
function isSameText(a: string, b: string): boolean {
  return words(a).join(' ') === words(b).join(' ');
}

/** Outside of the final answer: nearly the same words, and the very same numbers. */
function isSameReasoning(a: string, b: string): boolean {
  const [left, right] = [words(reasoning(a)), words(reasoning(b))];
  const numbers = (of: readonly string[]): string => of.filter((word) => /\d/.test(word)).join(' ');
  if (numbers(left) !== numbers(right)) return false;
  const longest = Math.max(left.length, right.length);
  return longest === 0 || commonWords(left, right) >= sameReasoning * longest;
}

/** Everything but the final answer: the last box, the last sentence that announces one, or else the last number. */
function reasoning(text: string): string {
  const announced = [
    ...text.matchAll(
      /\\boxed\s{0,3}\{[^]{0,200}?\}(?=[^}]|$)|(?:final\s{1,3})?\banswer\s{0,3}(?::|is\b:?)[^\n.]{0,200}(?:\.\d{1,20}[^\n.]{0,50})?/gi,
    ),
  ].at(-1);
  const last = announced ?? [...text.matchAll(/[-−]?\d[\d.,]{0,20}/g)].at(-1);
  return last === undefined ? text : text.slice(0, last.index) + text.slice(last.index + last[0].length);
}

function words(text: string): string[] {
  return (normalized(text).match(/[\p{L}]+|\d+(?:\.\d+)?|[^\s\p{L}\d.,;:!]/gu) ?? []).slice(0, maxWords);
}

/** Length of the longest common subsequence. */
function commonWords(a: readonly string[], b: readonly string[]): number {
  let previous = new Uint16Array(b.length + 1);
  let current = new Uint16Array(b.length + 1);
  for (const word of a) {
    for (let j = 0; j < b.length; j++) {
      current[j + 1] = word === b[j] ? (previous[j] as number) + 1 : Math.max(previous[j + 1] as number, current[j] as number);
    }
    [previous, current] = [current, previous];
  }
  return previous[b.length] as number;
}

/** The same number or formula in the same letters. */
function normalized(text: string): string {
  return text
    .toLowerCase()
    .replace(/[−–]/g, '-')
    .replace(/\\[dt]?frac\s{0,3}\{([^{}]{1,50})\}\s{0,3}\{([^{}]{1,50})\}/g, '$1/$2')
    .replace(/\\(?:text|mathrm|mathbf)\s{0,3}\{([^{}]{0,100})\}/g, '$1')
    .replace(/\\[,;!]|[$\\]/g, '')
    .replace(/(\d),(?=\d{3}(?!\d))/g, '$1')
    .replace(/\s+/g, ' ');
}
