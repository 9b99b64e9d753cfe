/** Which rollouts of a problem get a critique, and which of the refinements written from them join the group. */
import type { Rng } from '../core/rng.ts';
import type { Finish, Verdict } from '../protocol/records.ts';
import type { Switches } from '../protocol/runConfig.ts';

type Status = Verdict['status'];

/**
 * Indices, ascending, of the rollouts of one problem to critique: at most `critiquesPerProblem`, drawn among the wrong ones.
 * Only the trigger `always` also takes right ones, where wrong ones are too few. A rollout whose verifier failed is never critiqued
 * and counts neither as right nor as wrong.
 */
export function chooseRolloutsToCritique(
  statuses: readonly Status[],
  { trigger, critiquesPerProblem }: Pick<Switches, 'trigger' | 'critiquesPerProblem'>,
  rng: Rng,
): number[] {
  const wrong = indicesOf(statuses, (status) => status === 'wrong');
  const right = indicesOf(statuses, (status) => status === 'right');
  if (trigger === 'allWrong' && right.length > 0) return [];
  const candidates = trigger === 'always' ? [...rng.shuffle(wrong), ...rng.shuffle(right)] : rng.shuffle(wrong);
  return ascending(candidates.slice(0, critiquesPerProblem));
}

export interface RefinementCandidate {
  readonly status: Status;
  readonly finish: Finish;
  /** It answers an enlisted critique by a person. */
  readonly isEnlisted?: boolean;
}

/**
 * Indices, ascending, of the at most k refinements that join the group. `rightFirst`: right ones, then wrong ones at random;
 * `rightOnly`: right ones; `random`: any. Among equals those of a person's critique come first; the rest is drawn at random. A refinement whose verifier failed, or that was cut off at the
 * token limit, never joins.
 */
export function chooseRefinements(
  candidates: readonly RefinementCandidate[],
  { refinementSelection, kRefinements }: Pick<Switches, 'refinementSelection' | 'kRefinements'>,
  rng: Rng,
): number[] {
  const right = indicesOf(candidates, ({ status, finish }) => status === 'right' && finish === 'stop');
  const wrong = indicesOf(candidates, ({ status, finish }) => status === 'wrong' && finish === 'stop');
  const personFirst = (indices: readonly number[]): number[] => [
    ...rng.shuffle(indices.filter((i) => candidates[i]?.isEnlisted === true)),
    ...rng.shuffle(indices.filter((i) => candidates[i]?.isEnlisted !== true)),
  ];
  const ordered = ((): number[] => {
    switch (refinementSelection) {
      case 'rightFirst':
        return [...personFirst(right), ...personFirst(wrong)];
      case 'rightOnly':
        return personFirst(right);
      case 'random':
        return personFirst(ascending([...right, ...wrong]));
    }
  })();
  return ascending(ordered.slice(0, kRefinements));
}

function indicesOf<T>(list: readonly T[], holds: (element: T) => boolean): number[] {
  return list.flatMap((element, index) => (holds(element) ? [index] : []));
}

function ascending(indices: readonly number[]): number[] {
  return [...indices].sort((a, b) => a - b);
}
