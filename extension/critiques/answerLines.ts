/** An answer as lines to read, and the line that a critique speaks of. */
import { visibleLines } from './visibleText.ts';

/** One line a step: `Step 2:` and `Answer:` begin a line of their own where an answer runs on. */
export function answerLines(completion: string): string[] {
  return visibleLines(completion.replace(stepBreak, '$1\n')).map((line) => line.trimEnd());
}

/**
 * Line (from 0) of the answer that the critique speaks of, by the first thing it names: a step by its number, the final answer, a phrase in
 * quotes, or a calculation found wrong (`not 34 + 7`, `not 41`). The first line when it names none.
 */
export function lineOfCritique(critique: string, lines: readonly string[]): number {
  const step = stepNamed(critique);
  if (step !== null) {
    const line = lines.findIndex((text) => stepNumber(text) === step);
    if (line >= 0) return line;
    // A step that the answer lacks belongs where it would be: behind the last step before it.
    const before = lines.findLastIndex((text) => (stepNumber(text) ?? Infinity) < step);
    if (before >= 0) return before;
  }
  if (/\b(?:final )?answer (?:should be|is (?:wrong|missing|incorrect)|line)\b/i.test(critique)) {
    const answer = lines.findLastIndex((text) => /\banswer\b/i.test(text));
    return answer >= 0 ? answer : lastNonEmpty(lines);
  }
  for (const phrase of namedPhrases(critique)) {
    const line = lines.findIndex((text) => holds(text, phrase));
    if (line >= 0) return line;
  }
  return 0;
}

/** Number of the step that the line shows, null for other lines. */
export function stepNumber(line: string): number | null {
  const match = /^\s*(?:[-*]\s*)?(?:\*\*)?(?:step\s{0,3})?(\d{1,3})(?:\*\*)?\s{0,3}[:.)](?!\d)/i.exec(line);
  return match === null ? null : Number(match[1]);
}

/** A new line before a step or the final answer that follows the end of a sentence on the same line. */
const stepBreak = /([.;:!?])[ \t]+(?=step[ \t]{0,3}\d{1,3}[ \t]{0,3}[:.)]|(?:final[ \t])?answer[ \t]{0,3}:)/gi;

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

function stepNamed(critique: string): number | null {
  const match = /\bstep\s{0,3}#?(\d{1,3})\b|\b(\w{5,7})\s+step\b/gi;
  for (const [, digits, word] of critique.matchAll(match)) {
    if (digits !== undefined) return Number(digits);
    const ordinal = ordinals.indexOf((word ?? '').toLowerCase());
    if (ordinal >= 0) return ordinal + 1;
  }
  return null;
}

function namedPhrases(critique: string): string[] {
  const quoted = [...critique.matchAll(/["“`']([^"”`'\n]{2,200})["”`']/g)].map((match) => match[1] ?? '');
  const refuted = [...critique.matchAll(/\bnot\s+([-+x/*×÷−]?\s?[-−]?\d[\d.,]*(?:\s?[-+x/*×÷−]\s?\d[\d.,]*)?)/gi)].map((match) => match[1] ?? '');
  return [...quoted, ...refuted].map((phrase) => phrase.replace(/[.,\s]+$/, '')).filter((phrase) => phrase !== '');
}

/** Whether the phrase occurs, not as a part of a longer number. */
function holds(line: string, phrase: string): boolean {
  const squeezed = squeeze(line);
  const wanted = squeeze(phrase);
  for (let at = squeezed.indexOf(wanted); at >= 0; at = squeezed.indexOf(wanted, at + 1)) {
    const isWhole = !(/^\d/.test(wanted) && /[\d.]/.test(squeezed.charAt(at - 1))) && !/^(?:\d|\.\d)/.test(squeezed.slice(at + wanted.length));
    if (isWhole) return true;
  }
  return false;
}

function squeeze(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ');
}

function lastNonEmpty(lines: readonly string[]): number {
  return Math.max(
    0,
    lines.findLastIndex((line) => line.trim() !== ''),
  );
}
