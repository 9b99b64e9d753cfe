/** SDPO (Hübotter et al. 2026, arXiv 2601.20802): the policy that has read the critique teaches the policy that has not, token by token. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { baseSwitches } from './defaults.ts';
import { ratio, regularize, surrogate, weightedSum } from './losses.ts';
import { groupRelativeCredit } from './weights.ts';

/** Bound on what one token may gain or lose, in nats. */
const largestDifference = 20;

/**
 * Self-distillation from feedback on the sampled tokens. The teacher is π(· | problem, failed answer, critique) with the weights that sampled
 * the rollout, the student π_θ(· | problem). Per token of a criticized rollout
 *   A_t = (1 − λ) A_group + λ (log π_teacher(y_t) − log π_behavior(y_t)),   loss = −Σ_t w_t r_t A_t,
 * whose gradient at the behavior policy is, for λ = 1, that of the one-sample estimate of the reverse KL(student ‖ teacher). λ is
 * `distillationWeight`; a rollout without critique has λ = 0, and teaches nothing where λ = 1. Nothing new is sampled from the critique.
 *
 * The published method compares whole next-token distributions (or the likeliest tokens), averages the teacher's weights over time and may
 * show it a right answer of the same group; here are the sampled tokens, the weights of the step, and the critique.
 *
 * Metrics: `policyLoss`, `distillationGap` (mean log π_behavior − log π_teacher over tokens: the estimated KL), `rolloutRatio`,
 * `clipFraction`, and those of `regularize`.
 */
export const sdpo: Algorithm = {
  name: 'sdpo',
  title: 'SDPO',
  summary: 'Self-distillation from feedback: the policy that knows the critique corrects, token by token, the one that does not.',
  defaults: { ...baseSwitches, nRollouts: 8, critiquesPerProblem: 8, trigger: 'anyWrong', aggregation: 'tokenMean', distillationWeight: 1 },
  needs: { ...needsNothing, rollouts: true, critiques: true, teacher: true },

  credit(members, switches) {
    const shareOfReward = 1 - switches.distillationWeight;
    return groupRelativeCredit(members, switches).map(({ advantage, weight }, i) => {
      if (members[i]?.hasTeacher !== true) return shareOfReward === 0 ? { advantage: 0, weight: 0 } : { advantage, weight };
      return { advantage: shareOfReward === 0 ? 0 : shareOfReward * advantage, weight };
    });
  },

  loss(g, x, switches) {
    const difference = g.clamp(g.sub(x.teacherLogprobs, x.behaviorLogprobs), -largestDifference, largestDifference);
    const advantages = g.add(x.advantages, g.mul(difference, switches.distillationWeight));
    const r = ratio(g, x.logprobs, x.behaviorLogprobs);
    const { objective, clipped } = surrogate(g, r, advantages, switches);
    const policyLoss = g.neg(weightedSum(g, objective, x.weights));
    const metrics = {
      policyLoss,
      distillationGap: g.neg(weightedSum(g, difference, x.uniformWeights)),
      rolloutRatio: weightedSum(g, r, x.uniformWeights),
      ...(clipped === null ? {} : { clipFraction: weightedSum(g, clipped, x.uniformWeights) }),
    };
    return regularize(g, x, switches, { loss: policyLoss, metrics });
  },
};
