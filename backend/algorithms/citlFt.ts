/** Critique-in-the-loop fine-tuning (Xi et al. 2024, arXiv 2411.16579): imitation of right answers, first ones and refined ones alike. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { negativeLogLikelihood } from './losses.ts';
import { refinementFt } from './refinementFt.ts';
import { imitationCredit } from './weights.ts';

/**
 * Loss −Σ_t w_t log π_θ(token) over the right rollouts, given the problem, and the right refinements, given problem, failed answer and
 * critique: the policy learns to answer and to use a critique. With `refinementContext: 'problem'` refinements are answers to the problem alone.
 */
export const citlFt: Algorithm = {
  name: 'citl-ft',
  title: 'CITL-FT',
  summary: 'Critique-in-the-loop fine-tuning: imitates right rollouts, and right refinements given answer and critique.',
  defaults: { ...refinementFt.defaults, refinementContext: 'critique' },
  needs: { ...needsNothing, rollouts: true, critiques: true, refinements: true },
  credit: (members) => imitationCredit(members, ({ isRight }) => isRight),
  loss: negativeLogLikelihood,
};
