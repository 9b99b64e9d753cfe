/** Whether two equations say the same: their differences of sides are each a constant, not zero, times the other. */
import * as complex from './complex.ts';
import { multiply, raise } from './fraction.ts';
import { keyOf, negative, sum, variablesOf, type Node } from './node.ts';
import { polynomialOf, type Polynomial } from './polynomial.ts';
import { valueAt, type Sample } from './sample.ts';
import type { Equality } from './scalars.ts';
import { isEqual } from '../rational.ts';

export function compareEquations(a: readonly [Node, Node], b: readonly [Node, Node]): Equality {
  const [differenceA, differenceB] = [sum([a[0], negative(a[1])]), sum([b[0], negative(b[1])])];
  if (keyOf(differenceA) === keyOf(differenceB)) return 'equal';
  if ([...variablesOf(differenceA)].sort().join() !== [...variablesOf(differenceB)].sort().join()) return 'different';
  const [polynomialA, polynomialB] = [polynomialOf(differenceA), polynomialOf(differenceB)];
  if (polynomialA?.isFree === true && polynomialB?.isFree === true) return compareProportions(polynomialA, polynomialB);
  return compareSamples(differenceA, differenceB);
}

function compareProportions(a: Polynomial, b: Polynomial): Equality {
  const [entry] = a.terms;
  if (entry === undefined || a.terms.size !== b.terms.size) return 'different';
  const [key, coefficient] = entry;
  const other = b.terms.get(key);
  const inverse = raise(coefficient, { numerator: -1n, denominator: 1n });
  const ratio = other === undefined || inverse === null ? null : multiply(other, inverse);
  if (ratio === null) return 'different';
  const isSame = [...a.terms].every(([name, value]) => {
    const scaled = multiply(value, ratio);
    const expected = b.terms.get(name);
    return scaled !== null && expected !== undefined && isEqual(scaled, expected);
  });
  return isSame ? 'equal' : 'different';
}

const samples: readonly Sample[] = [11, 12, 13, 14, 15, 16].map((number) => ({ number, isSigned: number > 13 }));

function compareSamples(a: Node, b: Node): Equality {
  const ratios = samples.flatMap((sample) => {
    const [x, y] = [valueAt(a, sample), valueAt(b, sample)];
    return complex.isFinite(x) && complex.isFinite(y) && complex.size(x) > 1e-6 && complex.size(y) > 1e-6 ? [complex.divide(x, y)] : [];
  });
  const [first] = ratios;
  if (first === undefined || ratios.length < 3) return 'unknown';
  return ratios.every((ratio) => complex.size(complex.subtract(ratio, first)) <= 1e-9 * complex.size(first)) ? 'equal' : 'different';
}
