/** Critique-GRPO (Zhang et al. 2025, arXiv 2506.03106): rollouts and refinements written from critiques, under one baseline. */
import { WorkbenchError } from '../core/errors.ts';
import type { Algorithm } from './algorithm.ts';
import { noClip, ratio, regularize, shapedProbability, surrogate, weightedSum } from './losses.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/n Σ_i Σ_t r_t A_i + 1/k Σ_j Σ_t ρ_t A_j, with A = R − mean(R over rollouts ∪ refinements), r the ratio to the behavior policy,
 * ρ = p / (p + γ) and p = π_θ(token | problem, tokens before): no critique and no failed answer in the context.
 *
 * Departs from the newest equations (3, 4) in that neither r nor ρ is clipped by default: with one update a step r is 1, and a clip
 * on ρ stops the gradient of every token with p < γ(1 − ε)/ε of a wrong refinement. `clipLow`, `clipHigh` and `clipRefinements`
 * bring both back. `shapingGamma: null` gives refinements the ratio to their behavior logprobs instead of ρ.
 *
 * Metrics: `policyLoss` and `refinementLoss` (the two sums, negated), `clipFraction` (share of all tokens whose clip binds); with
 * uniform token weights, as sums over their part of the tokens: `rolloutRatio` (r) and `rolloutShare` (1), `refinementProbability` (p),
 * `refinementRatio` (ρ) and `refinementShare` (1); and those of `regularize`.
 */
export const critiqueGrpo: Algorithm = {
  name: 'critique-grpo',
  title: 'Critique-GRPO',
  summary: 'Failed answers get critiques in words; refinements written from them train the policy next to its rollouts.',
  defaults: {
    nRollouts: 7,
    kRefinements: 1,
    critiquesPerProblem: 2,
    trigger: 'allWrong',
    refinementSelection: 'rightFirst',
    clipLow: null,
    clipHigh: null,
    clipRefinements: false,
    advantageStd: false,
    refinementWeighting: 'paper',
    shapingGamma: 0.1,
    klCoefficient: 0,
    entropyCoefficient: 0,
    aggregation: 'constant',
  },
  needs: { rollouts: true, critiques: true, demonstrations: false },

  credit: groupRelativeCredit,

  loss(g, x, switches) {
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
    const rollouts = surrogate(g, r, x.advantages, switches);
    const refinements = surrogate(g, rho, x.advantages, clipRefinements ? switches : noClip);

    const fromRefinement = x.isRefinement;
    const fromRollout = g.sub(1, fromRefinement);
    const policyLoss = g.neg(weightedSum(g, rollouts.objective, g.mul(x.weights, fromRollout)));
    const refinementLoss = g.neg(weightedSum(g, refinements.objective, g.mul(x.weights, fromRefinement)));

    const rolloutTokens = g.mul(x.uniformWeights, fromRollout);
    const refinementTokens = g.mul(x.uniformWeights, fromRefinement);
    const clipFractions = [
      ...(rollouts.clipped === null ? [] : [weightedSum(g, rollouts.clipped, rolloutTokens)]),
      ...(refinements.clipped === null ? [] : [weightedSum(g, refinements.clipped, refinementTokens)]),
    ];
    const metrics = {
      policyLoss,
      refinementLoss,
      ...(clipFractions.length === 0 ? {} : { clipFraction: clipFractions.reduce((total, part) => g.add(total, part)) }),
      rolloutRatio: weightedSum(g, r, rolloutTokens),
      rolloutShare: g.sum(rolloutTokens),
      refinementProbability: weightedSum(g, g.exp(x.logprobs), refinementTokens),
      refinementRatio: weightedSum(g, rho, refinementTokens),
      refinementShare: g.sum(refinementTokens),
    };
    return regularize(g, x, switches, { loss: g.add(policyLoss, refinementLoss), metrics });
  },
};
