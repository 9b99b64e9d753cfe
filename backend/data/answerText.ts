/** The gold answer out of an answer's column. */
import { BrokenRow, shown } from './brokenRow.ts';
import type { AnswerIn } from './layouts.ts';

/** A text or a number as text; a list of one stands for its element. Throws `BrokenRow`. */
export function answerText(value: unknown, column: string): string {
  if (Array.isArray(value) && value.length === 1) return answerText(value[0], column);
  if (typeof value === 'string') {
    if (value.trim() === '') throw new BrokenRow(`"${column}" is empty`, 'Write the right final answer.');
    return value;
  }
  if (typeof value !== 'number') throw new BrokenRow(`"${column}" is ${shown(value)}`, `Write "${column}" as a text or a number.`);
  // JSON numbers become doubles: beyond 2^53 another number would be the gold answer.
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw new BrokenRow(`"${column}" has more digits than a JSON number keeps`, 'Write it as a text, in quotes.');
  }
  return String(value);
}

/** Throws `BrokenRow` where the text holds no such answer. */
export function answerIn(text: string, where: AnswerIn, column: string): string {
  switch (where) {
    case 'whole':
      return text;
    case 'afterHashes': {
      const at = text.lastIndexOf('####');
      const answer = at < 0 ? '' : text.slice(at + 4).trim();
      if (answer === '') throw new BrokenRow(`"${column}" has no answer after "####"`, 'Write the final answer as "#### 42".');
      return answer;
    }
    case 'boxed': {
      const answer = lastBoxed(text)?.trim() ?? '';
      if (answer === '') throw new BrokenRow(`"${column}" has no answer in \\boxed{}`, 'Write the final answer as \\boxed{42}.');
      return answer;
    }
  }
  return where satisfies never;
}

/** Contents of the last `\boxed{…}`, `\fbox{…}` or `\boxed 7` whose braces match; null if there is none. */
export function lastBoxed(text: string): string | null {
  for (const match of [...text.matchAll(/\\(?:boxed|fbox)\b\s*/gu)].reverse()) {
    const start = match.index + match[0].length;
    const inner = text[start] === '{' ? insideBraces(text, start) : (/^[^\s{}$\\,.]+/u.exec(text.slice(start, start + 100))?.[0] ?? null);
    if (inner !== null) return inner;
  }
  return null;
}

function insideBraces(text: string, start: number): string | null {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(start + 1, at);
  }
  return null;
}
