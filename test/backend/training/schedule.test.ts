import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt } from '../../../backend/training/schedule.ts';

describe('learningRateAt', () => {
  const cases = [
    { schedule: 'constant', warmupSteps: 0, total: 4, rates: [1, 1, 1, 1] },
    { schedule: 'constant', warmupSteps: 4, total: 6, rates: [0.25, 0.5, 0.75, 1, 1, 1] },
    { schedule: 'linear', warmupSteps: 0, total: 4, rates: [1, 0.75, 0.5, 0.25] },
    { schedule: 'linear', warmupSteps: 2, total: 6, rates: [0.5, 1, 1, 0.75, 0.5, 0.25] },
    { schedule: 'cosine', warmupSteps: 0, total: 4, rates: [1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2] },
    { schedule: 'linear', warmupSteps: 5, total: 3, rates: [0.2, 0.4, 0.6] },
  ] as const;
  for (const { schedule, warmupSteps, total, rates } of cases) {
    it(`${schedule}, ${warmupSteps} of ${total} updates warming up`, () => {
      rates.forEach((rate, update) =>
        expect(learningRateAt({ learningRate: 2e-4, schedule, warmupSteps }, update, total)).toBeCloseTo(2e-4 * rate, 12),
      );
    });
  }

  it('is positive and at most the full rate at every update, and falls after the warm-up', () => {
    const schedules = fc.constantFrom('constant', 'linear', 'cosine');
    fc.assert(
      fc.property(schedules, fc.nat(20), fc.integer({ min: 1, max: 60 }), (schedule, warmupSteps, total) => {
        const rates = Array.from({ length: total }, (_, update) => learningRateAt({ learningRate: 1, schedule, warmupSteps }, update, total));
        rates.forEach((rate, update) => {
          expect(rate).toBeGreaterThan(0);
          expect(rate).toBeLessThanOrEqual(1);
          if (update > warmupSteps) expect(rate).toBeLessThanOrEqual(rates[update - 1]!);
        });
      }),
    );
  });
});
