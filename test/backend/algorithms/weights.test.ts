import { describe, expect, it } from 'vitest';
import type { CreditMember } from '../../../backend/algorithms/algorithm.ts';
import { sequenceWeights } from '../../../backend/algorithms/weights.ts';

const group = (nRollouts: number, nRefinements: number): Pick<CreditMember, 'origin'>[] => [
  ...Array.from({ length: nRollouts }, () => ({ origin: 'policy' }) as const),
  ...Array.from({ length: nRefinements }, () => ({ origin: 'refinement' }) as const),
];

describe('sequenceWeights', () => {
  const cases = [
    { weighting: 'paper', n: 7, k: 1, rollout: 1 / 7, refinement: 1 },
    { weighting: 'paper', n: 4, k: 2, rollout: 1 / 4, refinement: 1 / 2 },
    { weighting: 'paper', n: 8, k: 0, rollout: 1 / 8, refinement: NaN },
    { weighting: 'uniform', n: 7, k: 1, rollout: 1 / 8, refinement: 1 / 8 },
    { weighting: 'uniform', n: 8, k: 0, rollout: 1 / 8, refinement: NaN },
  ] as const;
  for (const { weighting, n, k, rollout, refinement } of cases) {
    it(`${weighting}: ${n} rollouts and ${k} refinements`, () => {
      const expected = [...new Array<number>(n).fill(rollout), ...new Array<number>(k).fill(refinement)];
      expect(sequenceWeights(group(n, k), weighting)).toEqual(expected);
    });
  }

  it('has nothing to say about an empty group', () => expect(sequenceWeights([], 'paper')).toEqual([]));
});
