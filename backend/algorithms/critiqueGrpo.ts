/** Critique-GRPO (Zhang et al. 2025, arXiv 2506.03106): rollouts and refinements written from critiques, under one baseline. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { baseSwitches } from './defaults.ts';
import { mixedPolicyLoss } from './mixedPolicy.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/n Σ_i Σ_t r_t A_i + 1/k Σ_j Σ_t ρ_t A_j, with A = R − mean(R over rollouts ∪ refinements), r the ratio to the behavior policy,
 * ρ = p / (p + γ) and p = π_θ(token | problem, tokens before): no critique and no failed answer in the context.
 *
 * Departs from the newest equations (3, 4) in that neither r nor ρ is clipped by default: with one update a step r is 1, and a clip
 * on ρ stops the gradient of every token with p < γ(1 − ε)/ε of a wrong refinement. `clipLow`, `clipHigh` and `clipRefinements`
 * bring both back. `shapingGamma: null` gives refinements the ratio to their behavior logprobs instead of ρ.
 *
 * Metrics as in `mixedPolicyLoss`, of the part `refinement`.
 */
export const critiqueGrpo: Algorithm = {
  name: 'critique-grpo',
  title: 'Critique-GRPO',
  summary: 'Failed answers get critiques in words; refinements written from them train the policy next to its rollouts.',
  defaults: { ...baseSwitches, nRollouts: 7, kRefinements: 1, critiquesPerProblem: 2, refinementWeighting: 'paper', shapingGamma: 0.1 },
  needs: { ...needsNothing, rollouts: true, critiques: true, refinements: true },
  credit: groupRelativeCredit,
  loss: (g, x, switches) => mixedPolicyLoss(g, x, switches, 'refinement'),
};
