/** DAPO (Yu et al. 2025, arXiv 2503.14476): GRPO with a higher upper clip, sampling until groups have a signal, a token-level loss and soft limits of length. */
import type { Algorithm } from './algorithm.ts';
import { grpo } from './grpo.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/Σ|y_i| Σ_i Σ_t min(r_t A_i, clip(r_t, 1 − 0.2, 1 + 0.28) A_i), A_i = (R_i − mean R) / std R, over groups whose rewards differ. Loss and
 * credit are GRPO's: all four changes are switches, which any algorithm may have (`clipHigh`, `dynamicSampling`, `aggregation`,
 * `overlongBuffer`). Metrics as in `grpo`.
 */
export const dapo: Algorithm = {
  name: 'dapo',
  title: 'DAPO',
  summary: 'GRPO with clip-higher, dynamic sampling, a token-level loss and soft punishment of overlong answers.',
  defaults: { ...grpo.defaults, clipHigh: 0.28, aggregation: 'tokenMean', dynamicSampling: 4, overlongBuffer: 0.2 },
  needs: grpo.needs,
  credit: groupRelativeCredit,
  loss: grpo.loss,
};
