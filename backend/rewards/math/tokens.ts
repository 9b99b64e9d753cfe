/** Cuts a cleaned formula into tokens. */
import { isUnitWord } from './units.ts';

export type Token =
  | { readonly type: 'number'; readonly text: string }
  /** One letter, as a variable. */
  | { readonly type: 'letter'; readonly text: string }
  /** Without its backslash. */
  | { readonly type: 'command'; readonly text: string }
  /** Inside of `\text{}`, a unit or a word such as `or`: its meaning depends on where it stands. */
  | { readonly type: 'text'; readonly text: string }
  /** Several letters that are neither a function nor likely a product. */
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'begin' | 'end'; readonly text: string }
  /** Anything else, one character; `\{`, `\}`, `\|` and `\\` with their backslash. */
  | { readonly type: 'mark'; readonly text: string };

export interface TokenOptions {
  /** Whether `1,000` outside of brackets is one thousand, or 1 and 0. */
  readonly hasThousands: boolean;
}

/** What is not readable as a formula, with the reason. */
export class NotMath extends Error {}

/** Longer ones are no answers; the pre-screening of everything that follows. */
export const maxAnswerLength = 2000;
export const maxDepth = 100;

const pattern = new RegExp(
  [
    String.raw`(?<blank>\s+)`,
    String.raw`\\(?<block>begin|end)\s?\{\s?(?<environment>[a-zA-Z]+)\*?\s?\}`,
    String.raw`\\(?:text|textbf|textit|textrm|textnormal|mbox|hbox)\s?\{(?<text>[^{}]*)\}`,
    String.raw`\\(?<command>[a-zA-Z]+)`,
    String.raw`(?<escaped>\\[{}|\\])`,
    String.raw`(?<whole>\d+\.\d*)\\overline\s?\{\s?(?<repeated>\d+)\s?\}`,
    String.raw`(?<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+(?![\d.]))?|\.\d+)`,
    String.raw`(?<letters>[a-zA-Z]+)`,
    String.raw`(?<mark>[^\\])`,
  ].join('|'),
  'yu',
);
const thousands = /\d{1,3}(?:,\d{3})+(?![\d])(?:\.\d+)?/uy;

/** Words that are commands although they lack a backslash. */
const bareCommands: ReadonlySet<string> = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp sqrt pi theta alpha beta gamma infty min max gcd lcm'.split(' '),
);
const aliases: Readonly<Record<string, string>> = { infinity: 'infty', inf: 'infty', oo: 'infty', Infinity: 'infty' };
const bareTexts: ReadonlySet<string> = new Set('or and percent pct percentage percents degrees degree per'.split(' '));
/** Three letters are a product if they look like one and not like a word. */
const product = /^(?:[a-zA-Z]{1,2}|[abcdkmnpqrxyz]{3}|[A-DP-SX-Z]{3})$/u;

/** @throws NotMath */
export function tokenize(text: string, { hasThousands }: TokenOptions): Token[] {
  if (text.length > maxAnswerLength) throw new NotMath(`it has more than ${maxAnswerLength} characters`);
  const tokens: Token[] = [];
  let depth = 0;
  let place = 0;
  while (place < text.length) {
    thousands.lastIndex = place;
    const grouped = hasThousands && depth === 0 ? thousands.exec(text) : null;
    if (grouped !== null) {
      tokens.push({ type: 'number', text: grouped[0].replaceAll(',', '') });
      place = thousands.lastIndex;
      continue;
    }
    pattern.lastIndex = place;
    const match = pattern.exec(text);
    if (match?.groups === undefined) throw new NotMath('a backslash stands at its end');
    place = pattern.lastIndex;
    const mark = match.groups['mark'] ?? match.groups['escaped'];
    if (mark === '(' || mark === '[' || mark === '\\{') depth++;
    if (mark === ')' || mark === ']' || mark === '\\}') depth--;
    addTokens(tokens, match.groups);
  }
  return tokens;
}

function addTokens(tokens: Token[], groups: Readonly<Record<string, string | undefined>>): void {
  const { block, environment, text, command, escaped, whole, repeated, number, letters, mark } = groups;
  if (environment !== undefined) tokens.push({ type: block === 'begin' ? 'begin' : 'end', text: environment });
  else if (text !== undefined) tokens.push({ type: 'text', text: text.trim() });
  else if (command !== undefined) tokens.push({ type: 'command', text: command });
  else if (whole !== undefined) tokens.push({ type: 'number', text: `${whole}(${repeated ?? ''})` });
  else if (number !== undefined) tokens.push({ type: 'number', text: number });
  else if (letters !== undefined) addLetters(tokens, letters);
  else if (escaped !== undefined || mark !== undefined) tokens.push({ type: 'mark', text: escaped ?? mark ?? '' });
}

function addLetters(tokens: Token[], letters: string): void {
  const last = tokens.at(-1);
  const isSubscript = isUnderscore(last) || (last?.type === 'mark' && last.text === '{' && isUnderscore(tokens.at(-2)));
  const alias = aliases[letters] ?? letters;
  if (isSubscript) {
    // `x_ab` is `x_a b`.
    tokens.push(...[...letters].map((text): Token => ({ type: 'letter', text })));
  } else if (bareTexts.has(letters) || (isUnitWord(letters) && isValueEnd(last))) tokens.push({ type: 'text', text: letters });
  else if (alias === 'infty' || bareCommands.has(alias)) tokens.push({ type: 'command', text: alias });
  else if (product.test(letters)) tokens.push(...[...letters].map((text): Token => ({ type: 'letter', text })));
  else tokens.push({ type: 'word', text: letters });
}

function isUnderscore(token: Token | undefined): boolean {
  return token?.type === 'mark' && token.text === '_';
}

function isValueEnd(token: Token | undefined): boolean {
  return token?.type === 'number' || (token?.type === 'mark' && (token.text === '}' || token.text === ')'));
}
