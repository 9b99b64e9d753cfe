/** Order of problems: every pass over the data is a shuffle of its own, and any step can be computed alone. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { problemOrder } from '../../../backend/data/order.ts';

const sorted = (list: readonly number[]): number[] => [...list].sort((a, b) => a - b);

it('visits every problem once in each pass, across the borders of steps', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 40 }), (seed, nProblems, problemsPerStep) => {
      const steps = Math.ceil((3 * nProblems) / problemsPerStep);
      const visited = Array.from({ length: steps }, (_, step) => problemOrder(seed, nProblems, problemsPerStep, step));
      for (const indices of visited) expect(indices).toHaveLength(problemsPerStep);
      const all = visited.flat();
      for (let epoch = 0; epoch < 3; epoch++) {
        expect(sorted(all.slice(epoch * nProblems, (epoch + 1) * nProblems))).toEqual(Array.from({ length: nProblems }, (_, i) => i));
      }
    }),
  );
});

it('is a pure function that differs by seed and by pass', () => {
  const pass = (seed: number, step: number): string => problemOrder(seed, 32, 32, step).join();
  expect(pass(1, 0)).toBe(pass(1, 0));
  expect(new Set([pass(1, 0), pass(1, 1), pass(2, 0), pass(2, 1)]).size).toBe(4);
});

it('without a seed goes through the data as it is, again and again', () => {
  expect([0, 1, 2].map((step) => problemOrder(null, 5, 2, step))).toEqual([
    [0, 1],
    [2, 3],
    [4, 0],
  ]);
});

it('refuses an empty set', () => {
  expect(() => problemOrder(0, 0, 8, 0)).toThrow(/0 problems/u);
});
