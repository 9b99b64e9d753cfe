/** What the doctor makes of measurements that are smaller than the run's own work. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateByRows } from '../../../backend/cli/samplingSpeed.ts';
import { rateAtFullSize } from '../../../backend/cli/trainingSpeed.ts';

const cost = fc.double({ min: 0.001, max: 10, noNaN: true });

describe('the speed of sampling', () => {
  it('is right for any number of rows where a token costs something fixed and something for each row', () => {
    fc.assert(
      fc.property(
        cost,
        cost,
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 64 }),
        (fixed, each, few, times, asked) => {
          const rate = (rows: number): number => rows / (fixed + each * rows);
          const rateAt = rateByRows([few, few * times].map((rows) => ({ rows, tokensPerSecond: rate(rows) })));
          expect(rateAt(asked)).toBeCloseTo(rate(asked), 6);
        },
      ),
    );
  });

  it('is that of the only measurement for all rows', () => {
    expect(rateByRows([{ rows: 4, tokensPerSecond: 12 }])(64)).toBe(12);
  });

  it('never falls with more rows, and rises no faster than they do, whatever was measured', () => {
    fc.assert(
      fc.property(cost, cost, (few, many) => {
        const rateAt = rateByRows([
          { rows: 6, tokensPerSecond: few },
          { rows: 64, tokensPerSecond: many },
        ]);
        expect(rateAt(6)).toBeCloseTo(few, 6);
        expect(rateAt(64)).toBeGreaterThanOrEqual(few * (1 - 1e-9));
        expect(rateAt(64)).toBeLessThanOrEqual((64 / 6) * few * (1 + 1e-9));
      }),
    );
  });
});

describe('the speed of training', () => {
  it('is that of full micro-batches where one costs something fixed and something for each token', () => {
    fc.assert(
      fc.property(cost, cost, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 8 }), (fixed, each, count, growth) => {
        const measured = (tokens: number) => ({ tokens, seconds: fixed + each * tokens });
        const full = 60 * count * 2 * growth;
        expect(rateAtFullSize(measured(60), measured(60 * 2 * count), growth)).toBeCloseTo(full / (fixed + each * full), 6);
      }),
    );
  });

  it.each([
    ['a second measurement that took no longer', 1, 10],
    ['a second measurement that took twice as long for each token', 4, 0.5],
  ])('is bounded for %s', (_, seconds, most) => {
    const rate = rateAtFullSize({ tokens: 1, seconds: 1 }, { tokens: 2, seconds }, 5);
    expect(rate).toBeGreaterThanOrEqual(2 / seconds);
    expect(rate).toBeLessThanOrEqual(most);
  });
});
