import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../../backend/core/stats.ts';
import { levelScoreSchema } from '../../../backend/protocol/records.ts';
import { evaluateScores, levelScore } from '../../../backend/training/evaluateScores.ts';

const counts = [
  { level: 'hard', samples: 4, right: 0 },
  { level: 'easy', samples: 4, right: 4 },
  { level: 'hard', samples: 4, right: 1 },
];

describe('levelScore', () => {
  it('gives pass@1 with its interval, pass@k by powers of two, and who was never solved', () => {
    const score = levelScore(counts);
    expect(score).toMatchObject({ problems: 3, samples: 12, neverSolved: 1 });
    expect(score.passAt1).toBeCloseTo(5 / 12, 12);
    wilsonInterval(5, 12).forEach((end, i) => expect(score.interval[i]).toBeCloseTo(end, 12));
    expect(Object.keys(score.passAtK)).toEqual(['1', '2', '4']);
    expect(score.passAtK['1']).toBeCloseTo(score.passAt1, 12);
    expect(score.passAtK['2']).toBeCloseTo((0 + 1 + 0.5) / 3, 12);
    expect(score.passAtK['4']).toBeCloseTo(2 / 3, 12);
  });

  it('goes up to the samples that every problem has', () => {
    expect(
      Object.keys(
        levelScore([
          { level: 'a', samples: 9, right: 1 },
          { level: 'a', samples: 3, right: 1 },
        ]).passAtK,
      ),
    ).toEqual(['1', '2']);
  });

  it('counts a problem alike however many samples it has', () => {
    expect(
      levelScore([
        { level: 'a', samples: 8, right: 8 },
        { level: 'a', samples: 2, right: 0 },
      ]).passAt1,
    ).toBe(0.5);
  });

  for (const [title, empty] of [
    ['no problems', []],
    ['problems whose verifier always failed', [{ level: 'a', samples: 0, right: 0 }]],
  ] as const) {
    it(`stays a valid record with ${title}`, () => {
      const score = levelScore(empty);
      expect(levelScoreSchema.parse(score)).toEqual({ problems: 0, samples: 0, passAt1: 0, interval: [0, 1], passAtK: {}, neverSolved: 0 });
    });
  }
});

describe('evaluateScores', () => {
  it('splits by level, in the order of the data', () => {
    const { all, byLevel } = evaluateScores(counts);
    expect(all).toEqual(levelScore(counts));
    expect(Object.keys(byLevel)).toEqual(['hard', 'easy']);
    expect(byLevel['hard']).toMatchObject({ problems: 2, samples: 8, passAt1: 0.125, neverSolved: 1 });
  });
});
