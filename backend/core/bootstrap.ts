/** Intervals of means by resampling, seeded. */
import { Rng } from './rng.ts';
import { mean, quantile } from './stats.ts';

export interface BootstrapOptions {
  readonly seed: number;
  readonly resamples?: number;
}

/**
 * 95 % percentile interval of the mean when the values are drawn anew with replacement (Efron 1979). Values are of independent things: problems, not
 * samples of one problem. The ends are the mean itself where all values are equal; [0, 1] without any.
 */
export function bootstrapInterval(values: readonly number[], { seed, resamples = 2000 }: BootstrapOptions): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const first = values[0] as number;
  if (values.every((value) => value === first)) return [first, first];
  const rng = Rng.of(seed, 'bootstrap');
  const means = Array.from({ length: resamples }, () => {
    let total = 0;
    for (let i = 0; i < values.length; i++) total += values[rng.integer(0, values.length - 1)] as number;
    return total / values.length;
  });
  const center = mean(values);
  return [Math.min(center, quantile(means, 0.025)), Math.max(center, quantile(means, 0.975))];
}
