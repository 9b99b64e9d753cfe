/** Critique fine-tuning (Wang et al. 2025, arXiv 2501.17703): the policy learns to write the critique of an answer. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { imitationSwitches } from './defaults.ts';
import { negativeLogLikelihood } from './losses.ts';
import { imitationCredit } from './weights.ts';

/** Loss −Σ_t w_t log π_θ(token of the critique | problem, failed answer, tokens before). Neither rollouts nor refinements are imitated. */
export const critiqueFt: Algorithm = {
  name: 'critique-ft',
  title: 'Critique FT',
  summary: 'Maximizes the likelihood of critiques, given the problem and the failed answer.',
  defaults: { ...imitationSwitches, nRollouts: 4, critiquesPerProblem: 4, trigger: 'anyWrong' },
  needs: { ...needsNothing, rollouts: true, critiques: true, critiqueTargets: true },
  credit: (members) => imitationCredit(members, ({ origin }) => origin === 'critique'),
  loss: negativeLogLikelihood,
};
