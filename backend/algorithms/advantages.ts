/** Group-relative advantages: a reward compared with the mean of its group, rollouts and refinements alike. */
import { mean, standardDeviation } from '../core/stats.ts';

/** Added to the standard deviation before dividing, as in verl and TRL. */
const stdEpsilon = 1e-6;

/** A_i = R_i − mean(R): one baseline for every member of the group (Dr.GRPO; Critique-GRPO eq. 2). */
export function centeredAdvantages(rewards: readonly number[]): number[] {
  // Equal rewards are answered exactly: rounding of the mean must not give a group without signal a tiny one.
  if (rewards.every((reward) => reward === rewards[0])) return rewards.map(() => 0);
  const baseline = mean(rewards);
  return rewards.map((reward) => reward - baseline);
}

/** A_i = (R_i − mean(R)) / (std(R) + 1e-6) with the unbiased (n − 1) deviation (GRPO, Shao et al. 2024). */
export function standardizedAdvantages(rewards: readonly number[]): number[] {
  const scale = standardDeviation(rewards) + stdEpsilon;
  return centeredAdvantages(rewards).map((advantage) => advantage / scale);
}
