/** Every random choice of a run as a pure function of its seed and where it falls, so that a resumed run needs no state for it. */
import { Rng } from '../core/rng.ts';

type Purpose = 'furtherProblems' | 'rollout' | 'refinement' | 'critique' | 'choice' | 'selection' | 'evaluation' | 'failures' | 'trial';

/** The stream for one purpose at one place, e.g. `streamAt(seed, 'choice', step, problem.id)`. */
export function streamAt(seed: number, purpose: Purpose, ...place: readonly (string | number)[]): Rng {
  return Rng.of(seed, purpose, ...place);
}

/** A sequence's sampling seed at that place. */
export function seedAt(seed: number, purpose: Purpose, ...place: readonly (string | number)[]): number {
  return streamAt(seed, purpose, ...place).uint32();
}
