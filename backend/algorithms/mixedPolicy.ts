/** The loss of groups in which some sequences were not sampled from the problem alone: refinements (Critique-GRPO), demonstrations (LUFFY). */
import type { LossOps } from '../graph/builder.ts';
import type { Value } from '../graph/ir.ts';
import type { Switches } from '../protocol/runConfig.ts';
import { WorkbenchError } from '../core/errors.ts';
import type { LossInputs, LossTerms } from './algorithm.ts';
import { noClip, ratio, regularize, shapedProbability, surrogate, weightedSum } from './losses.ts';

/**
 * −Σ w_t s_t A_t with s = r, the ratio to the behavior policy, on rollouts and ρ = p / (p + γ) on the others (r when γ is null, which is
 * p itself where the behavior logprobs are 0). `clipLow` and `clipHigh` bound r; with `clipRefinements` also ρ.
 *
 * Metrics, with `part` naming the others: `policyLoss` and `<part>Loss` (the two sums), `clipFraction` (share of all tokens whose clip
 * binds); with uniform token weights, as sums over their part of the tokens: `rolloutRatio` (r) and `rolloutShare` (1),
 * `<part>Probability` (p), `<part>Ratio` (ρ) and `<part>Share` (1); and those of `regularize`. Throws `switches.clipMissing`.
 */
export function mixedPolicyLoss(g: LossOps, x: LossInputs, switches: Switches, part: 'refinement' | 'demonstration'): LossTerms {
  const { clipLow, clipHigh, clipRefinements, shapingGamma } = switches;
  if (clipRefinements && clipLow === null && clipHigh === null) {
    throw new WorkbenchError({
      code: 'switches.clipMissing',
      message: 'clipRefinements is on, but clipLow and clipHigh are both null, so there is nothing to clip with.',
      remedy: 'Set switches.clipLow and switches.clipHigh (the paper has 0.2), or turn clipRefinements off.',
    });
  }
  const r = ratio(g, x.logprobs, x.behaviorLogprobs);
  const rho = shapingGamma === null ? r : shapedProbability(g, x.logprobs, shapingGamma);
  const onPolicy = surrogate(g, r, x.advantages, switches);
  const offPolicy = surrogate(g, rho, x.advantages, clipRefinements ? switches : noClip);

  const isOnPolicy = g.sub(1, x.isOffPolicy);
  const policyLoss = g.neg(weightedSum(g, onPolicy.objective, g.mul(x.weights, isOnPolicy)));
  const partLoss = g.neg(weightedSum(g, offPolicy.objective, g.mul(x.weights, x.isOffPolicy)));

  const onPolicyTokens = g.mul(x.uniformWeights, isOnPolicy);
  const offPolicyTokens = g.mul(x.uniformWeights, x.isOffPolicy);
  const clipFractions: Value[] = [
    ...(onPolicy.clipped === null ? [] : [weightedSum(g, onPolicy.clipped, onPolicyTokens)]),
    ...(offPolicy.clipped === null ? [] : [weightedSum(g, offPolicy.clipped, offPolicyTokens)]),
  ];
  const metrics = {
    policyLoss,
    [`${part}Loss`]: partLoss,
    ...(clipFractions.length === 0 ? {} : { clipFraction: clipFractions.reduce((total, fraction) => g.add(total, fraction)) }),
    rolloutRatio: weightedSum(g, r, onPolicyTokens),
    rolloutShare: g.sum(onPolicyTokens),
    [`${part}Probability`]: weightedSum(g, g.exp(x.logprobs), offPolicyTokens),
    [`${part}Ratio`]: weightedSum(g, rho, offPolicyTokens),
    [`${part}Share`]: g.sum(offPolicyTokens),
  };
  return regularize(g, x, switches, { loss: g.add(policyLoss, partLoss), metrics });
}
