/** Dr.GRPO (Liu et al. 2025, arXiv 2503.20783): GRPO without its two biases, the division by std and by the length of a sequence. */
import type { Algorithm } from './algorithm.ts';
import { grpo } from './grpo.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/n Σ_i 1/maxTokens Σ_t min(r_t A_i, clip(r_t) A_i), with A_i = R_i − mean R. The loss as graph is GRPO's: what differs is in
 * `advantageStd` and `aggregation`. Metrics as in `grpo`.
 */
export const drGrpo: Algorithm = {
  name: 'dr-grpo',
  title: 'Dr.GRPO',
  summary: 'GRPO done right: advantages without the standard deviation, token losses divided by a constant.',
  defaults: { ...grpo.defaults, advantageStd: false, aggregation: 'constant' },
  needs: grpo.needs,
  credit: groupRelativeCredit,
  loss: grpo.loss,
};
