/** Two stages (Critique-GRPO §5, sequential baseline): GRPO until it gains no more, then imitation of refinements of what still fails. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { grpo } from './grpo.ts';
import { refinementFt } from './refinementFt.ts';

/**
 * The share `firstPhase` of the steps is GRPO's, the rest Refinement FT's on problems with no right rollout. Each phase has its algorithm's own
 * defaults; what a run file sets holds in both. Moments of the optimizer and its schedule go on across the border.
 */
export const grpoThenSft: Algorithm = {
  name: 'grpo-then-sft',
  title: 'GRPO, then SFT',
  summary: 'GRPO first; then supervised fine-tuning on right refinements of the problems that still fail.',
  defaults: { ...refinementFt.defaults, ...grpo.defaults, kRefinements: 4, critiquesPerProblem: 4, firstPhase: 0.7 },
  needs: { ...needsNothing, rollouts: true, critiques: true, refinements: true },
  phases: [
    { algorithm: grpo, switches: {} },
    { algorithm: refinementFt, switches: { trigger: 'allWrong' } },
  ],
  credit: grpo.credit,
  loss: grpo.loss,
};
