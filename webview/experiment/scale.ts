/** Scales of charts: round numbers around everything that is drawn. */

export interface Scale {
  /** Ascending; the first and the last are the ends. */
  readonly ticks: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** At most eight ticks. */
export function niceScale(low: number, high: number): Scale {
  const size = Math.max(Math.abs(low), Math.abs(high));
  // What does not differ, or only in the last digits of floating point, still wants a scale.
  const span = size < 1e-12 ? 1 : high - low > 1e-9 * size ? high - low : size;
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  // Not summed up: 0.1 + 0.2 is no round number.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { ticks, from: ticks[0] as number, to: ticks.at(-1) as number };
}

/** Around all the numbers; from 0 to 1 for none. */
export function scaleAround(values: readonly number[]): Scale {
  return values.length === 0 ? niceScale(0, 1) : niceScale(Math.min(...values), Math.max(...values));
}

/** Where a value lies: 0 at the beginning of the scale, 1 at its end. */
export function shareOf(value: number, { from, to }: Pick<Scale, 'from' | 'to'>): number {
  return (value - from) / (to - from);
}

/** As a coordinate in a drawing that is as wide as the page lets it be. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
