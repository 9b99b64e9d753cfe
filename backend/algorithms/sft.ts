/** Supervised fine-tuning: the demonstrations of the data set, imitated token by token. */
import type { Algorithm } from './algorithm.ts';
import { regularize, weightedSum } from './losses.ts';

/**
 * Loss −Σ_t w_t log π_θ(token). Only members from the data set are learned from, whatever their reward.
 *
 * Metrics: `policyLoss`, `negativeLogLikelihood` (mean over tokens), and those of `regularize`.
 */
export const sft: Algorithm = {
  name: 'sft',
  title: 'Supervised fine-tuning',
  summary: 'Maximizes the likelihood of the worked answers that come with the problems; no rollouts.',
  defaults: {
    nRollouts: 1,
    kRefinements: 0,
    critiquesPerProblem: 0,
    trigger: 'allWrong',
    refinementSelection: 'rightFirst',
    clipLow: null,
    clipHigh: null,
    clipRefinements: false,
    advantageStd: false,
    refinementWeighting: 'uniform',
    shapingGamma: null,
    klCoefficient: 0,
    entropyCoefficient: 0,
    aggregation: 'tokenMean',
  },
  needs: { rollouts: false, critiques: false, demonstrations: true },

  credit(members) {
    const nDemonstrations = members.filter((member) => member.origin === 'dataset').length;
    return members.map((member) => (member.origin === 'dataset' ? { advantage: 1, weight: 1 / nDemonstrations } : { advantage: 0, weight: 0 }));
  },

  loss(g, x, switches) {
    const policyLoss = g.neg(weightedSum(g, x.logprobs, x.weights));
    const negativeLogLikelihood = g.neg(weightedSum(g, x.logprobs, x.uniformWeights));
    return regularize(g, x, switches, { loss: policyLoss, metrics: { policyLoss, negativeLogLikelihood } });
  },
};
