import { describe, expect, it } from 'vitest';
import { lossProgram } from '../../../backend/algorithms/algorithm.ts';
import { critiqueGrpo } from '../../../backend/algorithms/critiqueGrpo.ts';
import type { Switches } from '../../../backend/protocol/runConfig.ts';
import { evaluateLoss, type Tokens } from './lossHarness.ts';

/** Three rollouts and a refinement, end to end; rewards 1, 0, 0 and 0. */
const lengths = [2, 1, 3, 2];
const tokens = (sequenceWeights: readonly number[]): Tokens => {
  const perToken = (values: readonly number[]): number[] => lengths.flatMap((length, i) => new Array<number>(length).fill(values[i]!));
  return {
    logprobs: [-0.2, -1.4, -0.3, -1.3, -0.1, -0.4, -2.5, -0.05],
    behaviorLogprobs: [-0.5, -1, -0.7, -0.9, -0.1, -0.4, -2.5, -0.05],
    referenceLogprobs: new Array<number>(8).fill(0),
    entropies: new Array<number>(8).fill(0),
    advantages: perToken([0.75, -0.25, -0.25, -0.25]),
    teacherLogprobs: new Array<number>(8).fill(0),
    isOffPolicy: perToken([0, 0, 0, 1]),
    weights: perToken(sequenceWeights),
    uniformWeights: new Array<number>(8).fill(1 / 8),
  };
};

describe('the published losses of four sequences', () => {
  const clip = { clipLow: 0.2, clipHigh: 0.2 };
  const modes: { title: string; overrides: Partial<Switches>; sums: number[]; total: number; paper: number; clipped: number }[] = [
    { title: 'no clip', overrides: {}, sums: [-1.515134, 0.372956, 0.66758, 0.33892], total: -0.135678, paper: 0.180721, clipped: 0 },
    { title: 'clip on r', overrides: clip, sums: [-1.40274, 0.372956, 0.7, 0.33892], total: 0.009136, paper: 0.228992, clipped: 2 },
    {
      title: 'clip on r and ρ',
      overrides: { ...clip, clipRefinements: true },
      sums: [-1.40274, 0.372956, 0.7, 0.426218],
      total: 0.096434,
      paper: 0.31629,
      clipped: 3,
    },
  ];
  for (const { title, overrides, sums, total, paper, clipped } of modes) {
    const lossWith = (weights: readonly number[]): ReturnType<typeof evaluateLoss> =>
      evaluateLoss(critiqueGrpo, { ...critiqueGrpo.defaults, ...overrides }, tokens(weights));

    it(title, () => {
      sums.forEach((expected, i) => expect(lossWith(sums.map((_, j) => (i === j ? 1 : 0))).loss).toBeCloseTo(expected, 6));
      expect(lossWith([1, 1, 1, 1]).loss).toBeCloseTo(total, 6);
      const { loss, metrics } = lossWith([1 / 3, 1 / 3, 1 / 3, 1]);
      // The published total was added up from rounded parts.
      expect(Math.abs(loss - paper)).toBeLessThan(1e-6);
      expect(metrics['policyLoss']! + metrics['refinementLoss']!).toBeCloseTo(loss, 12);
      expect(metrics['refinementLoss']).toBeCloseTo(sums[3]!, 6);
      expect((metrics['clipFraction'] ?? 0) * 8).toBeCloseTo(clipped, 12);
    });
  }

  it('reports on the tokens of refinements and of rollouts apart', () => {
    const { metrics } = evaluateLoss(critiqueGrpo, critiqueGrpo.defaults, tokens([1, 1, 1, 1]));
    const [p, q] = [Math.exp(-2.5), Math.exp(-0.05)];
    expect(metrics['rolloutShare']).toBeCloseTo(6 / 8, 12);
    expect(metrics['refinementShare']).toBeCloseTo(2 / 8, 12);
    expect(metrics['refinementProbability']).toBeCloseTo((p + q) / 8, 12);
    expect(metrics['refinementRatio']).toBeCloseTo((p / (p + 0.1) + q / (q + 0.1)) / 8, 12);
    expect(metrics['rolloutRatio']).toBeCloseTo((Math.exp(0.3) + Math.exp(-0.4) + Math.exp(0.4) + Math.exp(-0.4) + 2) / 8, 12);
  });

  it('read literally, eq. 4 does not push unlikely tokens of a wrong refinement: nothing below p = 0.4 with γ = 0.1, ε = 0.2', () => {
    const at = (p: number): number => {
      const one = Object.fromEntries(Object.keys(tokens([1, 1, 1, 1])).map((name) => [name, [0]])) as unknown as Record<keyof Tokens, number[]>;
      const { gradLogprobs } = evaluateLoss(
        critiqueGrpo,
        { ...critiqueGrpo.defaults, ...clip, clipRefinements: true },
        { ...one, logprobs: [Math.log(p)], behaviorLogprobs: [Math.log(p)], advantages: [-1], isOffPolicy: [1], weights: [1] },
      );
      return gradLogprobs[0]!;
    };
    expect(at(0.39)).toBeCloseTo(0, 12);
    expect(at(0.41)).toBeCloseTo((0.1 * 0.41) / 0.51 ** 2, 12);
  });
});

describe('switches', () => {
  it('refuses to clip refinements without bounds', () => {
    const switches = { ...critiqueGrpo.defaults, clipRefinements: true };
    expect(() => lossProgram(critiqueGrpo, switches)).toThrow(expect.objectContaining({ code: 'switches.clipMissing' }));
  });

  it('with n = 7, k = 1 weighs the refinement as much as all rollouts together, and alike when uniform', () => {
    const judged = { hasTeacher: false, isRight: false };
    const members = [
      ...Array.from({ length: 7 }, () => ({ origin: 'policy', reward: 0, ...judged }) as const),
      { origin: 'refinement', reward: 1, ...judged } as const,
    ];
    expect(critiqueGrpo.credit(members, critiqueGrpo.defaults)).toEqual([
      ...Array.from({ length: 7 }, () => ({ advantage: -0.125, weight: 1 / 7 })),
      { advantage: 0.875, weight: 1 },
    ]);
    for (const { weight } of critiqueGrpo.credit(members, { ...critiqueGrpo.defaults, refinementWeighting: 'uniform' })) expect(weight).toBe(1 / 8);
  });
});
