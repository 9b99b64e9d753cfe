/** Supervised fine-tuning: the demonstrations of the data set, imitated token by token. */
import { needsNothing, type Algorithm } from './algorithm.ts';
import { imitationSwitches } from './defaults.ts';
import { negativeLogLikelihood } from './losses.ts';
import { imitationCredit } from './weights.ts';

/** Loss −Σ_t w_t log π_θ(token). Only members from the data set are learned from, whatever their reward. */
export const sft: Algorithm = {
  name: 'sft',
  title: 'Supervised fine-tuning',
  summary: 'Maximizes the likelihood of the worked answers that come with the problems; no rollouts.',
  defaults: { ...imitationSwitches, nRollouts: 1 },
  needs: { ...needsNothing, demonstrations: true },
  credit: (members) => imitationCredit(members, ({ origin }) => origin === 'dataset'),
  loss: negativeLogLikelihood,
};
