/** Which problems a step trains on: passes over the data, in random or in their own order. */
import { Rng } from '../core/rng.ts';

/**
 * Indices of the problems of a step (counted from 0). Each pass over the data (epoch) is a shuffle of its own without repeats, or the order
 * of the data where the seed is null; a step
 * that crosses the border takes the rest of one pass and the beginning of the next. A pure function of its arguments, so that a
 * resumed run needs no saved position.
 */
export function problemOrder(seed: number | null, nProblems: number, problemsPerStep: number, step: number): number[] {
  if (nProblems < 1 || problemsPerStep < 1 || step < 0)
    throw new Error(`problemOrder(${nProblems} problems, ${problemsPerStep} a step, step ${step})`);
  const first = step * problemsPerStep;
  const last = first + problemsPerStep;
  const indices: number[] = [];
  for (let epoch = Math.floor(first / nProblems); epoch * nProblems < last; epoch++) {
    const start = epoch * nProblems;
    const order = seed === null ? inOrder(nProblems) : epochOrder(seed, nProblems, epoch);
    indices.push(...order.slice(Math.max(0, first - start), Math.min(nProblems, last - start)));
  }
  return indices;
}

function epochOrder(seed: number, nProblems: number, epoch: number): number[] {
  return Rng.of(seed, 'problemOrder', epoch).shuffle(inOrder(nProblems));
}

function inOrder(nProblems: number): number[] {
  return Array.from({ length: nProblems }, (_, index) => index);
}
