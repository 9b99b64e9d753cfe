/** Fewer points for the same picture. */

export interface Points {
  readonly x: readonly number[];
  readonly values: readonly (number | null)[];
}

/** No screen shows more. */
const maxPoints = 4000;
const worthwhile = 10_000;

/** The points within `range` and one on either side, so that lines leave the chart where they should; all of them for null. */
export function within({ x, values }: Points, range: readonly [number, number] | null): Points {
  if (range === null || x.length === 0) return { x, values };
  const from = Math.max(0, firstAtLeast(x, range[0]) - 1);
  const to = Math.min(x.length, firstAtLeast(x, range[1]) + 2);
  return { x: x.slice(from, to), values: values.slice(from, to) };
}

/**
 * At most about `limit` points when there are more than 10,000: of each stretch of the curve its lowest and its highest value, so that no spike is lost,
 * and the first and last point.
 */
export function decimated(points: Points, limit = maxPoints): Points {
  const { x, values } = points;
  if (x.length <= Math.max(worthwhile, limit)) return points;
  const stretches = Math.max(1, Math.floor(limit / 2));
  const kept: number[] = [0];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * x.length) / stretches);
    const to = Math.floor(((stretch + 1) * x.length) / stretches);
    let lowest = -1;
    let highest = -1;
    for (let i = from; i < to; i++) {
      const value = values[i] ?? null;
      if (value === null) continue;
      if (lowest === -1 || value < (values[lowest] as number)) lowest = i;
      if (highest === -1 || value > (values[highest] as number)) highest = i;
    }
    for (const i of lowest < highest ? [lowest, highest] : [highest, lowest]) if (i > (kept.at(-1) as number)) kept.push(i);
  }
  if (kept.at(-1) !== x.length - 1) kept.push(x.length - 1);
  return { x: kept.map((i) => x[i] as number), values: kept.map((i) => values[i] ?? null) };
}

/** Means of stretches, at most `limit` of them: for areas on top of each other, whose tops and bottoms must come from the same places. */
export function averaged(points: Points, limit: number): Points {
  const { x, values } = points;
  if (x.length <= limit) return points;
  const stretches = Array.from({ length: limit }, (_, i) => [Math.floor((i * x.length) / limit), Math.floor(((i + 1) * x.length) / limit)] as const);
  return {
    x: stretches.map(([from, to]) => ((x[from] as number) + (x[to - 1] as number)) / 2),
    values: stretches.map(([from, to]) => meanOfKnown(values.slice(from, to))),
  };
}

function meanOfKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

function firstAtLeast(x: readonly number[], wanted: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
