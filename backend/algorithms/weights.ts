/** How much each sequence weighs in the sum of its group. */
import type { Switches } from '../protocol/runConfig.ts';
import type { Credit, CreditMember } from './algorithm.ts';
import { centeredAdvantages, standardizedAdvantages } from './advantages.ts';

/**
 * One weight a member, in order. `paper`: 1/n over the n rollouts plus 1/k over the k refinements (Critique-GRPO eq. 3–4), so that
 * with n = 7, k = 1 the refinement weighs as much as all rollouts together. `uniform`: 1/(n + k) each (released code).
 * Without refinements both are 1/n. n and k count the members present; a demonstration counts as a rollout.
 */
export function sequenceWeights(members: readonly Pick<CreditMember, 'origin'>[], weighting: Switches['refinementWeighting']): number[] {
  const nRefinements = members.filter((member) => member.origin === 'refinement').length;
  const nOthers = members.length - nRefinements;
  if (weighting === 'uniform') return members.map(() => 1 / members.length);
  return members.map((member) => 1 / (member.origin === 'refinement' ? nRefinements : nOthers));
}

/** Group-relative advantages with the weights above: the credit of every algorithm that learns from rewards. */
export function groupRelativeCredit(
  members: readonly Pick<CreditMember, 'origin' | 'reward'>[],
  switches: Pick<Switches, 'advantageStd' | 'refinementWeighting'>,
): Credit[] {
  const rewards = members.map((member) => member.reward);
  const advantages = switches.advantageStd ? standardizedAdvantages(rewards) : centeredAdvantages(rewards);
  const weights = sequenceWeights(members, switches.refinementWeighting);
  return members.map((_, i) => ({ advantage: advantages[i] as number, weight: weights[i] as number }));
}

/**
 * The credit of every algorithm that imitates: advantage 1 for what is worth it, nothing for the rest. Each imitated sequence weighs
 * 1 / (members of the group), like a rollout of a policy gradient, and the others 0, so that a mean over tokens is one over imitated tokens.
 */
export function imitationCredit<M>(members: readonly M[], isImitated: (member: M) => boolean): Credit[] {
  return members.map((member) => (isImitated(member) ? { advantage: 1, weight: 1 / members.length } : { advantage: 0, weight: 0 }));
}
