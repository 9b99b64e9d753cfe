/** Numbers as people and models write them, read exactly: no floating point, so 0.1 is one tenth. */

/** `numerator / denominator`, not reduced; the denominator is positive. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export interface NumberText {
  readonly value: Rational;
  /** As written. */
  readonly text: string;
  /** Characters before it. */
  readonly start: number;
  /** Nothing but blanks stands behind it. */
  readonly isLast: boolean;
}

export function isEqual(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

// Longer ones are not answers, and their exact arithmetic would cost more than linear time.
const maxDigits = 1000;
const maxExponent = 1000;

// Thousands separators: comma, low line, no-break, thin and narrow no-break space; as LaTeX writes them they are replaced before.
const magnitude = String.raw`(?:\d{1,3}(?:[,_\u00a0\u2009\u202f]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)`;
const sign = String.raw`[-+−–]?`;
const power = String.raw`(?:[eE][-+−]?\d{1,4}(?!\d)|\s?(?:×|\*|\\times)\s?10\s?\^\s?\{?[-+−]?\d{1,4}\}?)?`;
const plain = new RegExp(String.raw`(${sign})\s?[$€£]?(${magnitude})(${power})(?:\s{0,2}/\s{0,2}(${sign})(${magnitude}))?`, 'u');
const latexFraction = new RegExp(
  String.raw`(${sign})\s?\\[dt]?frac\s?(?:\{\s?(${sign})(${magnitude})\s?\}|(\d))\s?(?:\{\s?(${sign})(${magnitude})\s?\}|(\d))`,
  'u',
);
// Behind a number, these make it part of something else: 1,2345 and 3.5.1, an expression, a mixed number, a term such as 2x, a list.
const continuations = [
  String.raw`[.,]?\d|[eE][-+−]?\d|\^`,
  String.raw`\s{0,2}(?:[-+−–×·*/^]|\\(?:times|cdot|pm|div)(?![a-z]))\s{0,2}[\d({\\.]`,
  String.raw`\s\d+\s?/\s?\d|\s?\\[dt]?frac`,
  String.raw`\s?(?:\\(?:pi|sqrt)(?![a-z])|[xyzniπ√](?!\p{L}))`,
  String.raw`\s{0,2}(?:[,;]|\bor\b|\band\b)\s{1,2}[-−$]?\d`,
];
const continuation = new RegExp(`^(?:${continuations.join('|')})`, 'u');
// Before a number (its sign included), these mean that it is an argument or an operand: \sqrt{2}, \log 2, x - 1, (a + b) * 2.
const application = /\\[a-z]{2,}|√|(?<!\p{L})\p{L}\s{0,2}[-+−–×·*/^]\s{0,2}$|[)\]}]\s{0,2}[+×·*/^]\s{0,2}$/iu;

/**
 * The first number in a text: integers, decimals, thousands separators, `a/b`, `\frac{a}{b}`, `1e-3`, `3 \times 10^5`, unicode minus.
 * Null if there is none, or if it is only the beginning of something that is not a single number.
 */
export function findNumber(original: string): NumberText | null {
  const text = original.replaceAll('{,}', ',').replaceAll('\\,', ',').replaceAll('\\!', '');
  const plainMatch = plain.exec(text);
  const latexMatch = latexFraction.exec(text);
  const isLatex = latexMatch !== null && (plainMatch === null || latexMatch.index <= plainMatch.index);
  const match = isLatex ? latexMatch : plainMatch;
  if (match === null) return null;
  const rest = text.slice(match.index + match[0].length);
  if (continuation.test(rest) || application.test(text.slice(0, match.index) + (match[1] ?? ''))) return null;
  const value = isLatex ? readLatexFraction(match) : readPlain(match);
  return value === null ? null : { value, text: match[0].trim(), start: match.index, isLast: rest.trim() === '' };
}

function readPlain([, signText = '', digits = '', exponent = '', divisorSign = '', divisor]: RegExpExecArray): Rational | null {
  const numerator = readDecimal(signText, digits, exponent);
  if (divisor === undefined) return numerator;
  return quotient(numerator, readDecimal(divisorSign, divisor, ''));
}

function readLatexFraction([, signText = '', aSign = '', a, aDigit = '', bSign = '', b, bDigit = '']: RegExpExecArray): Rational | null {
  const value = quotient(readDecimal(aSign, a ?? aDigit, ''), readDecimal(bSign, b ?? bDigit, ''));
  return value !== null && isMinus(signText) ? { ...value, numerator: -value.numerator } : value;
}

function readDecimal(signText: string, digits: string, exponentText: string): Rational | null {
  const [whole = '', fraction = ''] = digits.replace(/[,_\u00a0\u2009\u202f]/gu, '').split('.');
  if (whole.length + fraction.length > maxDigits) return null;
  const exponent = Number((/[-+−]?\d+\}?$/u.exec(exponentText)?.[0] ?? '0').replace('−', '-').replace('}', ''));
  if (Math.abs(exponent) > maxExponent) return null;
  const size = BigInt(whole + fraction) * 10n ** BigInt(Math.max(exponent, 0));
  return { numerator: isMinus(signText) ? -size : size, denominator: 10n ** BigInt(fraction.length + Math.max(-exponent, 0)) };
}

function quotient(a: Rational | null, b: Rational | null): Rational | null {
  if (a === null || b === null || b.numerator === 0n) return null;
  const numerator = a.numerator * b.denominator;
  const denominator = a.denominator * b.numerator;
  return denominator < 0n ? { numerator: -numerator, denominator: -denominator } : { numerator, denominator };
}

function isMinus(signText: string): boolean {
  return signText !== '' && signText !== '+';
}
