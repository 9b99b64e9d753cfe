/** Exact arithmetic of fractions with a bound on their size: what would grow beyond it has no value here (null), instead of taking forever. */
import type { Rational } from '../rational.ts';

/** Bits of a numerator or denominator; 2500! has 25,000. */
const maxBits = 30_000;
const maxFactorial = 2500n;

export const zero: Rational = { numerator: 0n, denominator: 1n };
export const one: Rational = { numerator: 1n, denominator: 1n };

/** Lowest terms, positive denominator; null for a denominator of zero or a number too large. */
export function fraction(numerator: bigint, denominator = 1n): Rational | null {
  if (denominator === 0n || bitsOf(numerator) > maxBits || bitsOf(denominator) > maxBits) return null;
  if (denominator === 1n) return { numerator, denominator };
  const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function add(a: Rational, b: Rational): Rational | null {
  return fraction(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function multiply(a: Rational, b: Rational): Rational | null {
  return fraction(a.numerator * b.numerator, a.denominator * b.denominator);
}

/** `a ** exponent` where that is rational: also for fractional exponents of perfect powers, with the real root of a negative number. */
export function raise(a: Rational, exponent: Rational): Rational | null {
  if (a.numerator === 0n) return exponent.numerator > 0n ? zero : exponent.numerator === 0n ? one : null;
  const degree = exponent.denominator;
  if (degree > 64n) return null;
  const numerator = root(a.numerator, Number(degree));
  const denominator = root(a.denominator, Number(degree));
  if (numerator === null || denominator === null) return null;
  const size = exponent.numerator < 0n ? -exponent.numerator : exponent.numerator;
  const bits = Math.max(bitsOf(numerator), bitsOf(denominator));
  if (size > 1_000_000n || (bits > 1 && Number(size) * (bits - 1) > maxBits)) return null;
  return exponent.numerator < 0n ? fraction(denominator ** size, numerator ** size) : fraction(numerator ** size, denominator ** size);
}

/** 0!, 1!, … as far as they were asked for. */
const factorials = [1n];

export function factorial(n: bigint): bigint | null {
  if (n < 0n || n > maxFactorial) return null;
  for (let i = factorials.length; i <= n; i++) factorials.push(BigInt(i) * (factorials[i - 1] ?? 1n));
  return factorials[Number(n)] ?? null;
}

export function binomial(n: bigint, k: bigint): bigint | null {
  if (k < 0n || n < 0n || k > n) return k < 0n || (n >= 0n && k > n) ? 0n : null;
  const small = k > n - k ? n - k : k;
  if (n > 100_000n || small > maxFactorial) return null;
  let result = 1n;
  for (let i = 1n; i <= small; i++) {
    result = (result * (n - small + i)) / i;
    if (bitsOf(result) > maxBits) return null;
  }
  return result;
}

/** The nearest float; also for numerators and denominators that no float can hold. */
export function toNumber({ numerator, denominator }: Rational): number {
  const shift = Math.max(bitsOf(numerator), bitsOf(denominator)) - 1000;
  if (shift <= 0) return Number(numerator) / Number(denominator);
  const excess = bitsOf(numerator) - bitsOf(denominator);
  if (excess > 1030) return numerator < 0n ? -Infinity : Infinity;
  if (excess < -1080) return 0;
  return Number(numerator >> BigInt(shift)) / Number(denominator >> BigInt(shift));
}

export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

export function bitsOf(value: bigint): number {
  return value.toString(16).length * 4;
}

/** The exact integer root, or null. */
function root(value: bigint, degree: number): bigint | null {
  if (degree === 1 || value === 1n || value === 0n) return value;
  if (value < 0n) {
    const positive = degree % 2 === 1 ? root(-value, degree) : null;
    return positive === null ? null : -positive;
  }
  const n = BigInt(degree);
  let guess = 1n << BigInt(Math.ceil(bitsOf(value) / degree) + 1);
  for (;;) {
    const next = ((n - 1n) * guess + value / guess ** (n - 1n)) / n;
    if (next >= guess) break;
    guess = next;
  }
  return guess ** n === value ? guess : null;
}
