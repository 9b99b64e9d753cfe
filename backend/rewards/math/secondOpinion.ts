/** What a computer algebra system says of two formulas. It may hang on what it reads: only to be called where it can be killed. */
import type { SecondOpinion } from '../verifier.ts';

export const secondGrader = 'compute-engine';

/** Longest time for one comparison, after loading. */
export const opinionBudgetMs = 500;
/** Loading takes some hundred milliseconds once a worker, on a busy machine seconds. */
export const loadBudgetMs = 20_000;

const maxLength = 2000;
const maxNesting = 100;

/** Compares two formulas in LaTeX. */
export type AskSecondGrader = (gold: string, answer: string) => SecondOpinion;

let loaded: Promise<AskSecondGrader> | null = null;

export function loadSecondGrader(): Promise<AskSecondGrader> {
  loaded ??= import('./computeEngine.ts').then(({ createComputeEngineGrader }) => createComputeEngineGrader());
  return loaded;
}

/** Whether a text may be given to the second grader at all: formulas of an ordinary size, no towers of powers, no huge factorials and sums. */
export function isOrdinary(text: string): boolean {
  if (text.length > maxLength || nestingOf(text) > maxNesting) return false;
  const isHuge = /\d{5,}\s?\)?\s?!|!\s?\)?\s?!|\^\s?\{?\s?-?\d{5,}|\^[^+*=,]{0,40}\^[^+*=,]{0,40}\^|\d{301,}/u.test(text);
  const sums = /\\(?:sum|prod|int|bigcup|bigcap)(?![a-zA-Z])/u.test(text) && /\d{4,}|\\infty/u.test(text);
  return !isHuge && !sums && !/[a-zA-Z]{5,}(?![a-zA-Z{])/u.test(text.replace(/\\[a-zA-Z]+/gu, ''));
}

function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of text) {
    if (char === '(' || char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === ')' || char === '}' || char === ']') depth--;
  }
  return deepest;
}
