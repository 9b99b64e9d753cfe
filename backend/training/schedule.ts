/** The learning rate of each optimizer update. */
import type { OptimizerConfig } from '../protocol/runConfig.ts';

/**
 * Learning rate of the update with this number (from 0) out of `totalUpdates`. Warm-up rises linearly and reaches the full rate at
 * update `warmupSteps` − 1; never 0, so that no update is wasted. Then the rate stays (`constant`), or falls over the remaining updates
 * towards a 0 that the first update after the last would have, as a line or half a cosine.
 */
export function learningRateAt(
  config: Pick<OptimizerConfig, 'learningRate' | 'schedule' | 'warmupSteps'>,
  update: number,
  totalUpdates: number,
): number {
  const { learningRate, schedule, warmupSteps } = config;
  if (update < warmupSteps) return (learningRate * (update + 1)) / warmupSteps;
  const progress = Math.min(1, (update - warmupSteps) / Math.max(1, totalUpdates - warmupSteps));
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
  }
}
