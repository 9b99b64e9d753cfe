/** GRPO (Shao et al. 2024, arXiv 2402.03300): group-standardized rewards, clipped ratio, mean within each sequence. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { baseSwitches } from './defaults.ts';
import { ratio, regularize, surrogate, weightedSum } from './losses.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/n Σ_i 1/|y_i| Σ_t min(r_t A_i, clip(r_t) A_i) − β KL(policy ‖ reference), with A_i = (R_i − mean R) / (std R + 1e-6).
 * β is 0 by default.
 *
 * Metrics: `policyLoss` (−J without KL and entropy), `rolloutRatio` (mean r over tokens), `clipFraction` (share of tokens whose clip
 * binds), and those of `regularize`.
 */
export const grpo: Algorithm = {
  name: 'grpo',
  title: 'GRPO',
  summary: 'Group Relative Policy Optimization: rewards only, standardized within each group.',
  defaults: { ...baseSwitches, clipLow: 0.2, clipHigh: 0.2, advantageStd: true, aggregation: 'sequenceMean' },
  needs: { ...needsNothing, rollouts: true },

  credit: groupRelativeCredit,

  loss(g, x, switches) {
    const r = ratio(g, x.logprobs, x.behaviorLogprobs);
    const { objective, clipped } = surrogate(g, r, x.advantages, switches);
    const policyLoss = g.neg(weightedSum(g, objective, x.weights));
    const metrics = {
      policyLoss,
      rolloutRatio: weightedSum(g, r, x.uniformWeights),
      ...(clipped === null ? {} : { clipFraction: weightedSum(g, clipped, x.uniformWeights) }),
    };
    return regularize(g, x, switches, { loss: policyLoss, metrics });
  },
};
