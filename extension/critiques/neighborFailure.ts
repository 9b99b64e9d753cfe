/** Which failure comes next in the order of the list. */
import type { StandingFailure } from '../../backend/protocol/views.ts';

export type Direction = 'next' | 'previous';

/** The neighbor of `problemId`, around the ends; the first (last) when it is not in the list; null when there is none to open. */
export function neighborFailure(failures: readonly StandingFailure[], problemId: string | null, direction: Direction): StandingFailure | null {
  const openable = failures.filter(({ newestRolloutId }) => newestRolloutId !== null);
  const at = openable.findIndex((failure) => failure.problemId === problemId);
  if (direction === 'next') return openable[(at + 1) % openable.length] ?? null;
  return openable.at(at <= 0 ? -1 : at - 1) ?? null;
}
