/**
 * Whether two scalar expressions are equal. In this order:
 * 1. both rational: exactly, but for decimals (below);
 * 2. polynomials in variables: by their exact coefficients, which decides both ways;
 * 3. otherwise at sample points, complex arithmetic in floats, relative tolerance 1e-9, where also a difference that is a known constant other
 *    than zero decides. Points where a real expression has no real value (`\ln x` of a negative x) do not count.
 *
 * Decimals. One that was written with a point may be a rounded one: it equals a number that is no terminating decimal of as few places if it is
 * that number correctly rounded at its last place and has at least five significant digits, and it equals a shorter decimal up to the noise of
 * float arithmetic (ten places or more). `0.33` is not 1/3, `0.33333` is; `3.14` is not `3.1416`.
 */
import { isEqual, type Rational } from '../rational.ts';
import * as complex from './complex.ts';
import { exactValue } from './exact.ts';
import { bitsOf, toNumber } from './fraction.ts';
import { contains, type Node } from './node.ts';
import { constantOf, minus, polynomialOf } from './polynomial.ts';
import { valueAt, type Sample } from './sample.ts';

export type Equality = 'equal' | 'different' | 'unknown';

const tolerance = 1e-9;
const minSignificantDigits = 5;

export function compareScalars(a: Node, b: Node): Equality {
  const exactA = exactValue(a);
  const exactB = exactValue(b);
  if (exactA !== null && exactB !== null) {
    if (isEqual(exactA, exactB)) return 'equal';
    return isRounding(a, exactB, b) || isRounding(b, exactA, a) ? 'equal' : 'different';
  }
  const [polynomialA, polynomialB] = [polynomialOf(a), polynomialOf(b)];
  if (polynomialA !== null && polynomialB !== null) {
    const difference = minus(polynomialA, polynomialB);
    const constant = difference === null ? null : constantOf(difference);
    if (difference?.isFree === true && !hasConstants(a) && !hasConstants(b)) return constant?.numerator === 0n ? 'equal' : 'different';
    if (constant?.numerator === 0n) return 'equal';
    if (constant !== null && !isApproximation(a, b) && !isApproximation(b, a)) return 'different';
  }
  if (isApproximation(a, b) || isApproximation(b, a)) return 'equal';
  return compareSamples(a, b);
}

/** π and e are variables of a polynomial as well, but a decimal may stand for them. */
function hasConstants(node: Node): boolean {
  return contains(node, ({ kind, ...rest }) => kind === 'symbol' && 'name' in rest && (rest.name === 'pi' || rest.name === 'e'));
}

/** Whether the decimal `a` is `exact` rounded, or the same but for the noise of floats. */
function isRounding(a: Node, exact: Rational, other: Node): boolean {
  const decimal = decimalOf(a);
  if (decimal === null) return false;
  const { value, places } = decimal;
  const otherPlaces = decimalOf(other)?.places ?? (isTerminating(exact) ? 0 : null);
  const difference = distance(value, exact);
  if (places >= 10 && otherPlaces !== null && otherPlaces <= places - 6) return isAtMost(difference, 1n, 10n ** BigInt(places - 2));
  if (isTerminating(exact)) return false;
  return significantDigits(value, places) >= minSignificantDigits && isAtMost(difference, 1n, 2n * 10n ** BigInt(places));
}

/** Whether the decimal `a` is the irrational constant `b`, rounded at its last place. */
function isApproximation(a: Node, b: Node): boolean {
  const decimal = decimalOf(a);
  if (decimal === null || decimal.places > 300 || significantDigits(decimal.value, decimal.places) < minSignificantDigits) return false;
  const [first, second] = [valueAt(b, { number: 1, isSigned: false }), valueAt(b, { number: 2, isSigned: true })];
  if (!complex.isFinite(first) || !complex.isReal(first) || first.re !== second.re) return false;
  const value = toNumber(decimal.value);
  return Math.abs(value - first.re) <= 0.5 * 10 ** -decimal.places * (1 + 1e-9) + 1e-14 * Math.abs(value);
}

function decimalOf(node: Node): { readonly value: Rational; readonly places: number } | null {
  if (node.kind === 'percent' || node.kind === 'degrees' || node.kind === 'quantity') return decimalOf(node.arg);
  if (node.kind === 'product' && node.args.length === 2 && node.args[0]?.kind === 'number' && node.args[0].places === null) {
    const inner = node.args[1] === undefined ? null : decimalOf(node.args[1]);
    const value = exactValue(node);
    return inner === null || value === null || node.args[0].value.numerator !== -1n ? null : { value, places: inner.places };
  }
  return node.kind === 'number' && node.places !== null ? { value: node.value, places: node.places } : null;
}

/** Whether its denominator has no prime factors but 2 and 5. */
function isTerminating({ numerator, denominator }: Rational): boolean {
  if (denominator === 1n || bitsOf(denominator) > 5000) return true;
  return (numerator * 10n ** BigInt(bitsOf(denominator))) % denominator === 0n;
}

function significantDigits({ numerator, denominator }: Rational, places: number): number {
  const scaled = ((numerator < 0n ? -numerator : numerator) * 10n ** BigInt(places)) / denominator;
  return scaled.toString().length;
}

function distance(a: Rational, b: Rational): Rational {
  const numerator = a.numerator * b.denominator - b.numerator * a.denominator;
  return { numerator: numerator < 0n ? -numerator : numerator, denominator: a.denominator * b.denominator };
}

function isAtMost({ numerator, denominator }: Rational, n: bigint, d: bigint): boolean {
  return numerator * d <= n * denominator;
}

const samples: readonly Sample[] = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => ({ number, isSigned: number > 3 }));

function compareSamples(a: Node, b: Node): Equality {
  const isComplex = contains(a, isImaginary) || contains(b, isImaginary);
  const isNearZero = isZero(a) && isZero(b);
  let agreed = 0;
  for (const sample of samples) {
    const [x, y] = [valueAt(a, sample), valueAt(b, sample)];
    if (!complex.isFinite(x) || !complex.isFinite(y)) {
      if (agreed === 0 && isInfinite(a) && isInfinite(b) && x.re === y.re) return 'equal';
      continue;
    }
    if (!isComplex && complex.isReal(x) !== complex.isReal(y) && sample.isSigned) continue;
    const scale = Math.max(complex.size(x), complex.size(y));
    const gap = complex.size(complex.subtract(x, y));
    // Beyond these sizes floats no longer tell neighbors apart.
    if (scale > 1e12 || (scale < 1e-200 && !isNearZero)) return gap > tolerance * scale ? 'different' : 'unknown';
    if (gap > tolerance * Math.max(scale, 1e-3)) return 'different';
    // What remains of terms that cancel is noise; a number that is tiny by itself is not.
    if (scale < 1e-6 && gap > tolerance * scale && !(scale < 1e-14 && isNearZero)) return 'unknown';
    agreed++;
  }
  return agreed >= 3 ? 'equal' : 'unknown';
}

/** Whether a tiny value of it may be nothing but noise. */
function isZero(node: Node): boolean {
  if (exactValue(node)?.numerator === 0n) return true;
  return contains(node, (part) => part.kind === 'sum' || (part.kind === 'call' && trigonometric.has(part.name)));
}

const trigonometric: ReadonlySet<string> = new Set(['sin', 'cos', 'tan', 'cot']);

function isInfinite(node: Node): boolean {
  return contains(node, (part) => part.kind === 'symbol' && part.name === 'infinity');
}

function isImaginary(node: Node): boolean {
  return node.kind === 'symbol' && node.name === 'i';
}
