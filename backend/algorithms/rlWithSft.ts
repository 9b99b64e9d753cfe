/** RL + SFT loss (a baseline of LUFFY, Yan et al. 2025): GRPO on rollouts plus the likelihood of demonstrations. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { grpo } from './grpo.ts';
import { ratio, regularize, surrogate, weightedSum } from './losses.ts';
import { groupRelativeCredit, imitationCredit } from './weights.ts';

/**
 * GRPO's loss over the rollouts, whose advantages know nothing of the demonstration, plus λ times −log π of the demonstration's tokens.
 * Each of the two has the mean over its own members; λ is `demonstrationCoefficient`.
 *
 * Metrics: `policyLoss`, `demonstrationLoss` (without λ), `clipFraction`; as sums with uniform weights over their part of the tokens:
 * `rolloutRatio` and `rolloutShare`, `demonstrationProbability` and `demonstrationShare`; and those of `regularize`.
 */
export const rlWithSft: Algorithm = {
  name: 'rl-with-sft',
  title: 'RL + SFT loss',
  summary: 'GRPO on rollouts, plus the likelihood of the worked answers that come with the problems.',
  defaults: { ...grpo.defaults, nRollouts: 7, demonstrationCoefficient: 0.1 },
  needs: { ...needsNothing, rollouts: true, demonstrations: true },

  credit(members, switches) {
    const isDemonstration = members.map(({ origin }) => origin === 'dataset');
    const rollouts = groupRelativeCredit(
      members.filter((_, i) => isDemonstration[i] !== true),
      switches,
    );
    const demonstrations = imitationCredit(
      members.filter((_, i) => isDemonstration[i] === true),
      () => true,
    );
    return isDemonstration.map((isOne) => {
      const credit = (isOne ? demonstrations : rollouts).shift();
      if (credit === undefined) throw new Error('rl-with-sft: fewer credits than members');
      return credit;
    });
  },

  loss(g, x, switches) {
    const isRollout = g.sub(1, x.isOffPolicy);
    const r = ratio(g, x.logprobs, x.behaviorLogprobs);
    const { objective, clipped } = surrogate(g, r, x.advantages, switches);
    const policyLoss = g.neg(weightedSum(g, objective, g.mul(x.weights, isRollout)));
    const demonstrationLoss = g.neg(weightedSum(g, x.logprobs, g.mul(x.weights, x.isOffPolicy)));
    const rolloutTokens = g.mul(x.uniformWeights, isRollout);
    const demonstrationTokens = g.mul(x.uniformWeights, x.isOffPolicy);
    const metrics = {
      policyLoss,
      demonstrationLoss,
      ...(clipped === null ? {} : { clipFraction: weightedSum(g, clipped, rolloutTokens) }),
      rolloutRatio: weightedSum(g, r, rolloutTokens),
      rolloutShare: g.sum(rolloutTokens),
      demonstrationProbability: weightedSum(g, g.exp(x.logprobs), demonstrationTokens),
      demonstrationShare: g.sum(demonstrationTokens),
    };
    const loss = g.add(policyLoss, g.mul(demonstrationLoss, switches.demonstrationCoefficient));
    return regularize(g, x, switches, { loss, metrics });
  },
};
