/** Expressions as polynomials with exact coefficients: two of them are equal only if all their coefficients are. */
import type { Rational } from '../rational.ts';
import { exactValue } from './exact.ts';
import { add, multiply, raise } from './fraction.ts';
import { keyOf, type Node } from './node.ts';

export interface Polynomial {
  /** Monomial (atoms and their degrees as one text, empty for the constant) → coefficient, never zero. */
  readonly terms: ReadonlyMap<string, Rational>;
  /** Whether its atoms are variables only, so that different coefficients mean different expressions; roots and functions may depend on each other. */
  readonly isFree: boolean;
}

const maxTerms = 400;
const maxDegree = 60n;

/** Null: it divides by more than a number, or would be too large. What is no sum, product or power is an atom. */
export function polynomialOf(node: Node): Polynomial | null {
  const exact = exactValue(node);
  if (exact !== null) return constant(exact);
  switch (node.kind) {
    case 'symbol':
      return ['i', 'infinity', 'reals', 'empty'].includes(node.name) ? atom(node, false) : atom(node, true);
    case 'sum':
      return folded(node.args, constant({ numerator: 0n, denominator: 1n }), plus);
    case 'product':
      return folded(node.args, constant({ numerator: 1n, denominator: 1n }), times);
    case 'power': {
      const exponent = exactValue(node.exponent);
      if (exponent === null || exponent.denominator !== 1n || exponent.numerator < 0n || exponent.numerator > maxDegree) return atom(node, false);
      const base = polynomialOf(node.base);
      let result: Polynomial | null = constant({ numerator: 1n, denominator: 1n });
      for (let i = 0n; i < exponent.numerator && base !== null && result !== null; i++) result = times(result, base);
      return base === null ? null : result;
    }
    case 'call':
      return atom(node, false);
    case 'degrees':
    case 'quantity':
      return polynomialOf(node.arg);
    default:
      return null;
  }
}

export function minus(a: Polynomial, b: Polynomial): Polynomial | null {
  const negated = new Map([...b.terms].map(([key, { numerator, denominator }]) => [key, { numerator: -numerator, denominator }]));
  return plus(a, { terms: negated, isFree: b.isFree });
}

/** The number it is, if it is one. */
export function constantOf({ terms }: Polynomial): Rational | null {
  if (terms.size === 0) return { numerator: 0n, denominator: 1n };
  const value = terms.get('');
  return terms.size === 1 && value !== undefined ? value : null;
}

/** Where `a x + b` is zero, if it is linear in this one variable. */
export function rootOf({ terms, isFree }: Polynomial, variable: string): Rational | null {
  const slope = terms.get(`${keyOf({ kind: 'symbol', name: variable })}^1`);
  const offset = terms.get('') ?? { numerator: 0n, denominator: 1n };
  if (!isFree || slope === undefined || terms.size > (terms.has('') ? 2 : 1)) return null;
  const inverse = raise(slope, { numerator: -1n, denominator: 1n });
  return inverse === null ? null : multiply({ ...offset, numerator: -offset.numerator }, inverse);
}

function constant(value: Rational): Polynomial {
  return { terms: new Map(value.numerator === 0n ? [] : [['', value]]), isFree: true };
}

function atom(node: Node, isFree: boolean): Polynomial {
  return { terms: new Map([[`${keyOf(node)}^1`, { numerator: 1n, denominator: 1n }]]), isFree };
}

function folded(args: readonly Node[], start: Polynomial, combine: (a: Polynomial, b: Polynomial) => Polynomial | null): Polynomial | null {
  let result: Polynomial | null = start;
  for (const arg of args) {
    const next = polynomialOf(arg);
    result = next === null ? null : combine(result, next);
    if (result === null) return null;
  }
  return result;
}

function plus(a: Polynomial, b: Polynomial): Polynomial | null {
  const terms = new Map(a.terms);
  for (const [key, value] of b.terms) if (!accumulate(terms, key, value)) return null;
  return { terms, isFree: a.isFree && b.isFree };
}

function times(a: Polynomial, b: Polynomial): Polynomial | null {
  const terms = new Map<string, Rational>();
  for (const [keyA, valueA] of a.terms) {
    for (const [keyB, valueB] of b.terms) {
      const value = multiply(valueA, valueB);
      if (value === null || !accumulate(terms, mergedKey(keyA, keyB), value) || terms.size > maxTerms) return null;
    }
  }
  return { terms, isFree: a.isFree && b.isFree };
}

function accumulate(terms: Map<string, Rational>, key: string, value: Rational): boolean {
  const old = terms.get(key);
  const total = old === undefined ? value : add(old, value);
  if (total === null) return false;
  if (total.numerator === 0n) terms.delete(key);
  else terms.set(key, total);
  return true;
}

/** Atoms in alphabetic order, each once, with its degree. */
function mergedKey(a: string, b: string): string {
  if (a === '') return b;
  if (b === '') return a;
  const degrees = new Map<string, number>();
  for (const factor of [...a.split('\n'), ...b.split('\n')]) {
    const place = factor.lastIndexOf('^');
    const name = factor.slice(0, place);
    degrees.set(name, (degrees.get(name) ?? 0) + Number(factor.slice(place + 1)));
  }
  return [...degrees.entries()]
    .map(([name, degree]) => `${name}^${degree}`)
    .sort()
    .join('\n');
}
