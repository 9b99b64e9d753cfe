/** What a chart makes of all its curves together: areas on top of each other, and whether a logarithmic scale serves them. */
import type { Curve } from './curve.ts';

/** Sums of the columns up to each; an unknown value counts as 0. */
export function stacked(columns: readonly Curve['values'][]): number[][] {
  let below: number[] = [];
  return columns.map((values) => {
    below = values.map((value, i) => (below[i] ?? 0) + (value ?? 0));
    return below;
  });
}

/** All values positive, the largest more than 300 times the smallest. */
export function spansMagnitudes(curves: readonly Pick<Curve, 'values'>[]): boolean {
  let smallest = Infinity;
  let largest = 0;
  for (const { values } of curves) {
    for (const value of values) {
      if (value === null) continue;
      if (value <= 0) return false;
      smallest = Math.min(smallest, value);
      largest = Math.max(largest, value);
    }
  }
  return largest > 300 * smallest;
}
