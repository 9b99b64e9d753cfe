import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centeredAdvantages, standardizedAdvantages } from '../../../backend/algorithms/advantages.ts';

/** `count` times the same number. */
const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);

describe('advantages of a group of 8, the last a refinement', () => {
  const cases = [
    {
      title: 'only the refinement is right',
      rewards: [...times(7, 0), 1],
      centered: [...times(7, -0.125), 0.875],
      standardized: [...times(7, -0.353552), 2.474867],
    },
    { title: 'all wrong', rewards: times(8, 0), centered: times(8, 0), standardized: times(8, 0) },
    {
      title: 'three right',
      rewards: [1, 1, 1, ...times(5, 0)],
      centered: [...times(3, 0.625), ...times(5, -0.375)],
      standardized: [...times(3, 1.207612), ...times(5, -0.724567)],
    },
    {
      title: 'only the refinement is wrong',
      rewards: [...times(7, 1), 0],
      centered: [...times(7, 0.125), -0.875],
      standardized: [...times(7, 0.353552), -2.474867],
    },
  ];
  for (const { title, rewards, centered, standardized } of cases) {
    it(title, () => {
      centeredAdvantages(rewards).forEach((advantage, i) => expect(advantage).toBeCloseTo(centered[i]!, 12));
      standardizedAdvantages(rewards).forEach((advantage, i) => expect(advantage).toBeCloseTo(standardized[i]!, 6));
    });
  }
});

describe('advantages', () => {
  const rewards = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 16 });

  it('are exactly 0 when all rewards are equal, even where their mean rounds', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: 0, max: 40 }), (reward, count) => {
        expect(centeredAdvantages(times(count, reward))).toEqual(times(count, 0));
        expect(standardizedAdvantages(times(count, reward))).toEqual(times(count, 0));
      }),
    );
  });

  it('sum to 0 and keep the order of the rewards', () => {
    fc.assert(
      fc.property(rewards, (list) => {
        for (const advantages of [centeredAdvantages(list), standardizedAdvantages(list)]) {
          expect(advantages.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 6);
          list.forEach((reward, i) => {
            if (reward > list[0]!) expect(advantages[i]!).toBeGreaterThanOrEqual(advantages[0]!);
          });
        }
      }),
    );
  });
});
