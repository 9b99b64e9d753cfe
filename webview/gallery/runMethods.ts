/** Numbers that only some methods record, for made-up runs. */

export type MadeUpMethod = 'critiqueGrpo' | 'grpo' | 'dapo' | 'luffy' | 'sdpo' | 'sft' | 'stuck';

/** `learned`: from 0 to 1. `noise`: around 0, another for each salt. */
export function methodMetrics(method: MadeUpMethod, learned: number, zeroSignal: number, noise: (salt: number) => number): Record<string, number> {
  switch (method) {
    case 'dapo':
      return { groupsFiltered: zeroSignal, overlongPunishment: Math.max(0, 0.12 - 0.1 * learned + 0.02 * noise(20)) };
    case 'luffy':
      return {
        policyLoss: -0.02 + 0.02 * noise(21),
        demonstrationLoss: -0.05 - 0.03 * learned + 0.01 * noise(22),
        demonstrationProbability: 0.35 + 0.5 * learned + 0.03 * noise(23),
        demonstrationRatio: 0.55 + 0.35 * learned + 0.03 * noise(24),
        demonstrationShare: 0.14 + 0.01 * noise(25),
        rolloutShare: 0.86 - 0.01 * noise(25),
      };
    case 'sdpo':
      return { distillationGap: 0.4 - 0.34 * learned + 0.03 * noise(26) };
    case 'sft':
      return { negativeLogLikelihood: 1.4 - 1.1 * learned + 0.05 * noise(27) };
    case 'critiqueGrpo':
      return {
        policyLoss: -0.015 + 0.02 * noise(28),
        refinementLoss: -0.02 - 0.01 * learned + 0.01 * noise(29),
        criticTokens: 900 - 500 * learned + 60 * noise(30),
        criticCost: 0,
        criticDisagreements: noise(31) > 0.8 ? 1 : 0,
        criticFallbacks: 0,
        criticSilent: 0,
      };
    case 'grpo':
    case 'stuck':
      return {};
  }
}
