/** avg@k, pass@k and maj@k against their definitions, counted out by brute force. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../../backend/core/bootstrap.ts';
import { mean, passAtK, wilsonInterval } from '../../../backend/core/stats.ts';
import { greedyScore, majorityAtK, sampledScores, type JudgedAnswer } from '../../../backend/training/evaluateAnswers.ts';

/** R is right; a digit is a wrong answer of that value; `-` states none; F has no verdict. */
function answers(letters: string): JudgedAnswer[] {
  return [...letters].map((letter) => {
    if (letter === 'F') return { status: 'failed', extracted: null };
    return { status: letter === 'R' ? 'right' : 'wrong', extracted: letter === '-' ? null : letter };
  });
}

function subsets(n: number, k: number): number[][] {
  if (k === 0) return [[]];
  if (n < k) return [];
  return [...subsets(n - 1, k), ...subsets(n - 1, k - 1).map((rest) => [...rest, n - 1])];
}

const letters = fc.string({ unit: fc.constantFrom('R', '1', '2', '-'), minLength: 1, maxLength: 8 });

describe('pass@k', () => {
  it('is the share of subsets of k answers with a right one', () => {
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 8 }), (text, k) => {
        fc.pre(k <= text.length);
        const all = subsets(text.length, k);
        const share = all.filter((chosen) => chosen.some((i) => text[i] === 'R')).length / all.length;
        expect(passAtK(text.length, [...text].filter((letter) => letter === 'R').length, k)).toBeCloseTo(share, 12);
      }),
    );
  });

  it('is given for k up to the fewest answers a problem has, failed ones left out', () => {
    const scores = sampledScores([answers('R111'), answers('RFF22')], 0);
    expect(scores.samples).toBe(3);
    expect(Object.keys(scores.passAtK)).toEqual(['1', '2']);
    expect(scores.avg.value).toBeCloseTo((1 / 4 + 1 / 3) / 2, 12);
    expect(scores.passAtK['2']?.value).toBeCloseTo((passAtK(4, 1, 2) + passAtK(3, 1, 2)) / 2, 12);
  });
});

describe('maj@k', () => {
  it.each([
    ['RR1', 3, 1],
    ['R11', 3, 0],
    ['R1', 2, 1 / 2],
    ['R12', 3, 1 / 3],
    ['--R', 3, 1],
    ['---', 3, 0],
    ['R1--', 4, 1 / 2],
    ['RR11', 2, 1 / 2],
    ['RR1', 2, 1],
    ['R', 1, 1],
  ])('of %s with k = %i is %f', (text, k, expected) => {
    expect(majorityAtK(answers(text), k)).toBeCloseTo(expected, 12);
  });

  it('takes right answers for one answer, however they are written, and blanks and case for nothing', () => {
    const right = ['1/2', '0.5', '\\frac12'].map((extracted): JudgedAnswer => ({ status: 'right', extracted }));
    const wrong = ['x + 1', 'X+1'].map((extracted): JudgedAnswer => ({ status: 'wrong', extracted }));
    expect(majorityAtK([...right, ...wrong], 5)).toBe(1);
    expect(majorityAtK([...right.slice(0, 1), ...wrong], 3)).toBe(0);
  });

  it('equals avg@k for k = 1 and lies in [0, 1]', () => {
    fc.assert(
      fc.property(letters, fc.integer({ min: 1, max: 8 }), (text, k) => {
        fc.pre(k <= text.length);
        const value = majorityAtK(answers(text), k);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(majorityAtK(answers(text), 1)).toBeCloseTo([...text].filter((letter) => letter === 'R').length / text.length, 12);
      }),
    );
  });

  it('refuses more votes than answers', () => expect(() => majorityAtK(answers('R1'), 3)).toThrow('k = 3'));
});

describe('intervals', () => {
  it('is that of Wilson for greedy answers', () => {
    const score = greedyScore(answers('RRR1-F'));
    expect(score).toEqual({ value: 3 / 5, interval: wilsonInterval(3, 5) });
    expect(greedyScore(answers('F'))).toEqual({ value: 0, interval: [0, 1] });
  });

  it('of a resampled mean holds the mean, is the same for the same seed, and has no width without spread', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.nat(), (list, seed) => {
        const [low, high] = bootstrapInterval(list, { seed, resamples: 100 });
        expect(low).toBeLessThanOrEqual(mean(list) + 1e-12);
        expect(high).toBeGreaterThanOrEqual(mean(list) - 1e-12);
        expect(bootstrapInterval(list, { seed, resamples: 100 })).toEqual([low, high]);
      }),
    );
    expect(bootstrapInterval([0.5, 0.5, 0.5], { seed: 1 })).toEqual([0.5, 0.5]);
    expect(bootstrapInterval([], { seed: 1 })).toEqual([0, 1]);
  });

  // Normal approximation: 1.96 · 0.5 / √400 = 0.049; 2000 resamples leave a few parts in a thousand of noise.
  it('of a resampled mean is as wide as theory says', () => {
    const [low, high] = bootstrapInterval(
      Array.from({ length: 400 }, (_, i) => i % 2),
      { seed: 3 },
    );
    expect(low).toBeCloseTo(0.451, 2);
    expect(high).toBeCloseTo(0.549, 2);
  });

  it('covers the mean about as often as it promises', () => {
    let covered = 0;
    for (let seed = 0; seed < 200; seed++) {
      // 60 problems, each right with chance 0.3, from a fixed stream.
      const values = Array.from({ length: 60 }, (_, i) => ((((seed * 60 + i) * 2654435761) % 4294967296) / 4294967296 < 0.3 ? 1 : 0));
      const [low, high] = bootstrapInterval(values, { seed, resamples: 300 });
      if (low <= 0.3 && 0.3 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(170);
  });
});
