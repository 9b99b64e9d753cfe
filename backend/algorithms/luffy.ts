/** LUFFY (Yan et al. 2025, arXiv 2504.14945): an expert's trace in each group, under the baseline of the rollouts. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { baseSwitches } from './defaults.ts';
import { mixedPolicyLoss } from './mixedPolicy.ts';
import { groupRelativeCredit } from './weights.ts';

/**
 * J = 1/(n + 1) (Σ_i Σ_t r_t A_i + Σ_t ρ_t A_expert), with A = R − mean R over rollouts and trace, no clip, and ρ = p / (p + γ). The trace is the
 * problem's demonstration, its reward the verifier's; the expert's own probabilities are taken as 1, so that ρ without shaping is p.
 *
 * Metrics as in `mixedPolicyLoss`, of the part `demonstration`.
 */
export const luffy: Algorithm = {
  name: 'luffy',
  title: 'LUFFY',
  summary: 'Policy gradient on rollouts and on the worked answer that comes with the problem, shaped towards its unlikely tokens.',
  defaults: { ...baseSwitches, nRollouts: 7, shapingGamma: 0.1 },
  needs: { ...needsNothing, rollouts: true, demonstrations: true },
  credit: groupRelativeCredit,
  loss: (g, x, switches) => mixedPolicyLoss(g, x, switches, 'demonstration'),
};
