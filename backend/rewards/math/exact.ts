/** The exact rational value of an expression, where it has one that is not too large to write down. */
import type { Rational } from '../rational.ts';
import { add, binomial, factorial, fraction, multiply, one, raise, zero } from './fraction.ts';
import type { Node } from './node.ts';

/** Null: not rational, not constant, or beyond the bounds of `fraction.ts`. Percent and degrees count as the number before the sign. */
export function exactValue(node: Node): Rational | null {
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'sum':
      return folded(node.args, zero, add);
    case 'product':
      return folded(node.args, one, multiply);
    case 'power': {
      const base = exactValue(node.base);
      const exponent = base === null ? null : exactValue(node.exponent);
      return base === null || exponent === null ? null : raise(base, exponent);
    }
    case 'percent':
    case 'degrees':
    case 'quantity':
      return exactValue(node.arg);
    case 'call':
      return exactCall(node.name, node.args);
    default:
      return null;
  }
}

function folded(args: readonly Node[], start: Rational, combine: (a: Rational, b: Rational) => Rational | null): Rational | null {
  let result: Rational | null = start;
  for (const arg of args) {
    const value = exactValue(arg);
    result = value === null ? null : combine(result, value);
    if (result === null) return null;
  }
  return result;
}

function exactCall(name: string, args: readonly Node[]): Rational | null {
  const [a, b] = args.map(exactValue);
  if (a === undefined || a === null) return null;
  const isWhole = a.denominator === 1n;
  switch (name) {
    case 'abs':
      return a.numerator < 0n ? { ...a, numerator: -a.numerator } : a;
    case 'floor':
      return wholeNumber(floor(a));
    case 'ceil':
      return wholeNumber(-floor({ ...a, numerator: -a.numerator }));
    case 'factorial':
      return isWhole ? wholeNumber(factorial(a.numerator)) : null;
    case 'binomial':
      return isWhole && b !== undefined && b !== null && b.denominator === 1n ? wholeNumber(binomial(a.numerator, b.numerator)) : null;
    default:
      return null;
  }
}

function floor({ numerator, denominator }: Rational): bigint {
  const quotient = numerator / denominator;
  return numerator < 0n && numerator % denominator !== 0n ? quotient - 1n : quotient;
}

function wholeNumber(value: bigint | null): Rational | null {
  return value === null ? null : fraction(value);
}
