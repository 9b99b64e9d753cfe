import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mean, passAtK, quantile, smooth, standardDeviation, sum, wilsonInterval } from '../../../backend/core/stats.ts';

// Adding 0 turns −0 into 0, which order statistics cannot tell apart.
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => x + 0);
const values = fc.array(number, { minLength: 1, maxLength: 30 });

/** n choose k in exact integers. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1);
  return result;
}

describe('passAtK', () => {
  for (const [n, c, k, expected] of [
    [4, 1, 1, 0.25],
    [4, 1, 2, 0.5],
    [4, 1, 3, 0.75],
    [4, 1, 4, 1],
    [256, 3, 8, 0.091197],
    [4, 0, 4, 0],
    [4, 4, 1, 1],
  ] as const) {
    it(`is ${expected} for n = ${n}, c = ${c}, k = ${k}`, () => expect(passAtK(n, c, k)).toBeCloseTo(expected, 6));
  }

  it('equals 1 − C(n − c, k) / C(n, k)', () => {
    const counts = fc.integer({ min: 1, max: 60 }).chain((n) => fc.tuple(fc.constant(n), fc.nat(n), fc.integer({ min: 1, max: n })));
    fc.assert(
      fc.property(counts, ([n, c, k]) => {
        expect(passAtK(n, c, k)).toBeCloseTo(1 - Number(choose(n - c, k)) / Number(choose(n, k)), 10);
      }),
    );
  });

  it('refuses more tries than samples', () => expect(() => passAtK(4, 1, 5)).toThrow('k = 5'));
});

describe('wilsonInterval', () => {
  // Newcombe 1998, table I, method 3.
  for (const [successes, trials, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    it(`is as published for ${successes} of ${trials}`, () => {
      const interval = wilsonInterval(successes, trials);
      expect(interval[0]).toBeCloseTo(low, 4);
      expect(interval[1]).toBeCloseTo(high, 4);
    });
  }

  it('holds the proportion and stays within [0, 1]', () => {
    const counts = fc.integer({ min: 1, max: 1000 }).chain((trials) => fc.tuple(fc.nat(trials), fc.constant(trials)));
    fc.assert(
      fc.property(counts, ([successes, trials]) => {
        const [low, high] = wilsonInterval(successes, trials);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / trials + 1e-12);
        expect(high).toBeGreaterThanOrEqual(successes / trials - 1e-12);
      }),
    );
  });

  it('knows nothing without trials', () => expect(wilsonInterval(0, 0)).toEqual([0, 1]));
});

describe('quantile', () => {
  it('interpolates between order statistics', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.1)).toBeCloseTo(14, 12);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('has the extremes at its ends, is monotone and ignores order', () => {
    const unit = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(values, unit, unit, (list, a, b) => {
        expect(quantile(list, 0)).toBe(Math.min(...list));
        expect(quantile(list, 1)).toBe(Math.max(...list));
        expect(quantile(list, Math.min(a, b))).toBeLessThanOrEqual(quantile(list, Math.max(a, b)) + 1e-9);
        expect(quantile([...list].reverse(), a)).toBe(quantile(list, a));
      }),
    );
  });
});

describe('sums and moments', () => {
  it('agree with hand-made numbers', () => {
    expect(sum([])).toBe(0);
    expect(mean([1, 2, 6])).toBe(3);
    expect(mean([])).toBeNaN();
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.1380899, 7);
    expect(standardDeviation([3])).toBe(0);
  });

  it('smooth starts at the first value and moves by the weight', () => {
    expect(smooth(undefined, 5, 0.1)).toBe(5);
    expect(smooth(5, 15, 0.1)).toBe(6);
  });
});
