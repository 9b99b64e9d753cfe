/**
 * The pieces losses are made of, as graph over flat [T] vectors of tokens. All take padding (every input 0) to finite values,
 * which the weights of 0 then remove.
 */
import type { LossOps } from '../graph/builder.ts';
import type { Value } from '../graph/ir.ts';
import type { Switches } from '../protocol/runConfig.ts';
import type { LossInputs, LossTerms } from './algorithm.ts';

/** Bound on differences of logprobs before exp, so that no float32 overflows: e^20 ≈ 4.9e8. */
const largestLogRatio = 20;

/** Σ_t weights_t · x_t. */
export function weightedSum(g: LossOps, x: Value, weights: Value): Value {
  return g.sum(g.mul(x, weights));
}

/** r = π_θ / π_behavior of each token. */
export function ratio(g: LossOps, logprobs: Value, behaviorLogprobs: Value): Value {
  return g.exp(g.clamp(g.sub(logprobs, behaviorLogprobs), -largestLogRatio, largestLogRatio));
}

/**
 * Policy shaping p / (p + γ) of p = π_θ(token): its gradient on log p is γp / (p + γ)², at most 1/4, reached at p = γ
 * (Critique-GRPO, after LUFFY).
 */
export function shapedProbability(g: LossOps, logprobs: Value, gamma: number): Value {
  const p = g.exp(logprobs);
  return g.div(p, g.add(p, gamma));
}

export interface Surrogate {
  /** To be maximized, [T]. */
  readonly objective: Value;
  /** 1 where the clip lowers the objective (no gradient there), else 0, [T]; null when nothing is clipped. */
  readonly clipped: Value | null;
}

export type Clip = Pick<Switches, 'clipLow' | 'clipHigh'>;

export const noClip: Clip = { clipLow: null, clipHigh: null };

/** min(r·A, clip(r, 1 − low, 1 + high)·A); r·A when both bounds are null (PPO's surrogate, Schulman et al. 2017, eq. 7). */
export function surrogate(g: LossOps, r: Value, advantages: Value, { clipLow, clipHigh }: Clip): Surrogate {
  const plain = g.mul(r, advantages);
  if (clipLow === null && clipHigh === null) return { objective: plain, clipped: null };
  const floored = clipLow === null ? r : g.max(r, 1 - clipLow);
  const bounded = clipHigh === null ? floored : g.min(floored, 1 + clipHigh);
  const clipped = g.mul(bounded, advantages);
  return { objective: g.min(plain, clipped), clipped: g.where(g.less(clipped, plain), 1, 0) };
}

/** k3 estimate of KL(policy ‖ reference), exp(d) − d − 1 with d = log π_ref − log π_θ: never negative, unbiased on rollouts. */
export function klToReference(g: LossOps, logprobs: Value, referenceLogprobs: Value): Value {
  const d = g.clamp(g.sub(referenceLogprobs, logprobs), -largestLogRatio, largestLogRatio);
  return g.sub(g.sub(g.exp(d), d), 1);
}

/**
 * Adds β · KL(policy ‖ reference), weighted token by token like the policy loss, and − entropyCoefficient · (mean entropy over the tokens
 * of the update); each only where its coefficient is not 0.
 * Metrics: `klToReference` (mean k3 over tokens, without β), `entropyBonus` (what was subtracted).
 */
export function regularize(
  g: LossOps,
  x: LossInputs,
  { klCoefficient, entropyCoefficient }: Pick<Switches, 'klCoefficient' | 'entropyCoefficient'>,
  terms: LossTerms,
): LossTerms {
  let { loss } = terms;
  const metrics: Record<string, Value> = { ...terms.metrics };
  if (klCoefficient !== 0) {
    const kl = klToReference(g, x.logprobs, x.referenceLogprobs);
    metrics['klToReference'] = weightedSum(g, kl, x.uniformWeights);
    loss = g.add(loss, g.mul(weightedSum(g, kl, x.weights), klCoefficient));
  }
  if (entropyCoefficient !== 0) {
    const bonus = g.mul(weightedSum(g, x.entropies, x.uniformWeights), entropyCoefficient);
    metrics['entropyBonus'] = bonus;
    loss = g.sub(loss, bonus);
  }
  return { loss, metrics };
}

/**
 * −Σ_t w_t log π_θ(token): imitation of every sequence that has a weight. Metrics: `policyLoss`, `negativeLogLikelihood` (its mean over the
 * tokens of the update), and those of `regularize`.
 */
export function negativeLogLikelihood(g: LossOps, x: LossInputs, switches: Pick<Switches, 'klCoefficient' | 'entropyCoefficient'>): LossTerms {
  const policyLoss = g.neg(weightedSum(g, x.logprobs, x.weights));
  const mean = g.neg(weightedSum(g, x.logprobs, x.uniformWeights));
  return regularize(g, x, switches, { loss: policyLoss, metrics: { policyLoss, negativeLogLikelihood: mean } });
}
