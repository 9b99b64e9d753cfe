/** The switches that most algorithms leave as they are: each states only where it differs. */
import type { Switches } from '../protocol/runConfig.ts';

/** Eight rollouts a problem, no critiques, nothing clipped, shaped, punished or filtered. */
export const baseSwitches: Switches = {
  nRollouts: 8,
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
  aggregation: 'constant',
  refinementContext: 'problem',
  dynamicSampling: 0,
  overlongBuffer: 0,
  demonstrationCoefficient: 0,
  distillationWeight: 0,
  firstPhase: 1,
};

/** Supervised algorithms take the mean over all tokens that they imitate. */
export const imitationSwitches: Switches = { ...baseSwitches, aggregation: 'tokenMean' };
