/** Reads a text into every answer that it may mean, and compares two texts by them. */
import { plainText } from './clean.ts';
import { areExact, compareAnswers } from './compare.ts';
import { symbol, type Node } from './node.ts';
import { parseAnswer } from './parseAnswer.ts';
import type { Equality } from './scalars.ts';
import { NotMath } from './tokens.ts';

export interface Reading {
  readonly text: string;
  /** Without markup. */
  readonly plain: string;
  /** Several where it is ambiguous (`1,000`), none where it is no formula. */
  readonly nodes: readonly Node[];
  /** Why it is no formula. */
  readonly problem: string | null;
}

const phrases: readonly (readonly [RegExp, string])[] = [
  [/^(?:there (?:is|are) )?no (?:real |integer |such )?solutions?(?: exists?)?$|^(?:the )?empty set$/iu, 'empty'],
  [/^(?:all |any |every )(?:real numbers?|reals?)$|^all of \\R$/iu, 'reals'],
];

export function readAnswer(text: string): Reading {
  const plain = plainText(text);
  const phrase = phrases.find(([pattern]) => pattern.test(plain));
  if (phrase !== undefined) return { text, plain, nodes: [symbol(phrase[1])], problem: null };
  try {
    const nodes = [parseAnswer(text)];
    if (/\d,\d{3}/u.test(text)) nodes.push(parseAnswer(text, { hasThousands: false }));
    const unlabeled = withoutLabel(text);
    if (unlabeled !== null) nodes.push(...readAnswer(unlabeled).nodes);
    return { text, plain, nodes, problem: null };
  } catch (error) {
    if (!(error instanceof NotMath)) throw error;
    const unlabeled = withoutLabel(text);
    return { text, plain, nodes: unlabeled === null ? [] : readAnswer(unlabeled).nodes, problem: error.message };
  }
}

export function compareReadings(gold: Reading, answer: Reading): Equality {
  if (gold.plain !== '' && gold.plain === answer.plain) return 'equal';
  if (isSameWord(gold, answer) || isSameChoice(gold, answer) || isDecimalComma(gold.text, answer.text) || isDecimalComma(answer.text, gold.text))
    return 'equal';
  let result: Equality = 'different';
  for (const a of gold.nodes) {
    for (const b of answer.nodes) {
      const equality = compareAnswers(a, b);
      if (equality === 'equal') return 'equal';
      if (equality === 'unknown') result = 'unknown';
    }
  }
  return result;
}

/** Whether both are plain exact numbers: nobody could have a second opinion. */
export function areExactReadings(gold: Reading, answer: Reading): boolean {
  return gold.nodes.every((a) => answer.nodes.every((b) => areExact(a, b))) && gold.nodes.length > 0 && answer.nodes.length > 0;
}

/** Words are equal whatever their case, but single letters are names. */
function isSameWord(gold: Reading, answer: Reading): boolean {
  const isWord = /^[\p{L}][\p{L}\s,.'-]+$/u.test(gold.plain) && (/\\(?:text|mbox|mathrm)/u.test(gold.text) || /[a-z]{3}/u.test(gold.plain));
  return isWord && gold.plain.toLowerCase() === answer.plain.toLowerCase();
}

const choice = /^(?:\(?([A-J])\)?[.:)]?$|\(([A-J])\)\s?\S)/u;
const chosen = /^(?:\(([A-Ja-j])\)|([A-J])(?:[.:)]|$))/u;

/** Gold `C` is right as `(C)`, `C.`, `(c)`, `C) 12`. */
function isSameChoice(gold: Reading, answer: Reading): boolean {
  const goldMatch = choice.exec(gold.plain);
  const letter = goldMatch?.[1] ?? goldMatch?.[2];
  const match = chosen.exec(answer.plain);
  if (letter === undefined || match === null || (match[1] ?? match[2] ?? '').toUpperCase() !== letter) return false;
  // Both say which value the letter stands for: then that is compared.
  return goldMatch?.[1] !== undefined || match[0] === answer.plain;
}

/** `(A) 12` without its letter. */
function withoutLabel(text: string): string | null {
  const match = /^[\s$]*(?:\\(?:text|textbf|mathrm|textrm|mathbf)\s?\{\s?)?\(([A-J])\)\s?\}?[\s~\\:.]*(.+)$/su.exec(text);
  const rest = match?.[2]?.trim() ?? '';
  return rest === '' || /^[)}\]$.,]*$/u.test(rest) ? null : rest;
}

/** `1,22` is 1.22 where that is the other text, digit by digit. */
function isDecimalComma(comma: string, point: string): boolean {
  const [a, b] = [plainText(comma), plainText(point)];
  return /^-?\d+,\d{2,}$/u.test(a) && a.replace(',', '.') === b;
}
