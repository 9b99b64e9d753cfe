/** Refinement fine-tuning (imitation from language feedback, Chen et al. 2024): imitation of refinements that are right, given the problem alone. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { imitationSwitches } from './defaults.ts';
import { negativeLogLikelihood } from './losses.ts';
import { imitationCredit } from './weights.ts';

/**
 * Loss −Σ_t w_t log π_θ(token | problem, tokens before) over the right refinements. Rollouts are sampled to be criticized and are not
 * imitated themselves. Whether the paper's baseline had answer and critique in the context is not said; `refinementContext` decides.
 */
export const refinementFt: Algorithm = {
  name: 'refinement-ft',
  title: 'Refinement FT',
  summary: 'Maximizes the likelihood of refinements that are right, as answers to the problem alone.',
  defaults: {
    ...imitationSwitches,
    nRollouts: 4,
    kRefinements: 4,
    critiquesPerProblem: 4,
    trigger: 'anyWrong',
    refinementSelection: 'rightOnly',
  },
  needs: { ...needsNothing, rollouts: true, critiques: true, refinements: true },
  credit: (members) => imitationCredit(members, ({ origin, isRight }) => origin === 'refinement' && isRight),
  loss: negativeLogLikelihood,
};
