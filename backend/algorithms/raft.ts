/** RAFT (Dong et al. 2023, arXiv 2304.06767): rejection-sampling fine-tuning, imitation of the policy's own right answers. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { imitationSwitches } from './defaults.ts';
import { negativeLogLikelihood } from './losses.ts';
import { imitationCredit } from './weights.ts';

/** Loss −Σ_t w_t log π_θ(token) over the rollouts that are right; the wrong ones teach nothing. All right ones of a problem, not its best. */
export const raft: Algorithm = {
  name: 'raft',
  title: 'RAFT',
  summary: 'Rejection-sampling fine-tuning: maximizes the likelihood of the rollouts that are right.',
  defaults: imitationSwitches,
  needs: { ...needsNothing, rollouts: true },
  credit: (members) => imitationCredit(members, ({ origin, isRight }) => origin === 'policy' && isRight),
  loss: negativeLogLikelihood,
};
