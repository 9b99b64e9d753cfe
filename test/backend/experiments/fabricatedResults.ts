/** Results of comparisons that nobody trained. */
import type { VariantResult } from '../../../backend/experiments/comparison.ts';
import { runConfigSchema, type RunConfig } from '../../../backend/protocol/runConfig.ts';
import type { LevelScore } from '../../../backend/protocol/records.ts';

export function fabricatedConfig(overrides: Partial<RunConfig> = {}): RunConfig {
  return {
    ...runConfigSchema.parse({
      model: { path: 'model' },
      data: { train: 'train.jsonl', heldOut: 'heldOut.jsonl' },
      algorithm: 'critique-grpo',
      critic: 'step-level',
      training: { steps: 20 },
    }),
    ...overrides,
  };
}

export function levelScore(passAt1: number, problems = 100): LevelScore {
  const half = 0.04;
  return {
    problems,
    samples: 4 * problems,
    passAt1,
    interval: [Math.max(0, passAt1 - half), Math.min(1, passAt1 + half)],
    passAtK: { '1': passAt1 },
    neverSolved: Math.round(problems * (1 - passAt1)),
  };
}

export interface Fabricated {
  readonly label?: string;
  readonly algorithm?: string;
  readonly seed?: number;
  readonly easy?: number;
  readonly hard?: number;
  readonly sampled?: number;
  readonly trained?: number;
  readonly neverSolved?: number;
}

/** Two levels, 100 held-out problems each; three points a curve. Before training easy is 0.7 and hard 0. */
export function fabricated({
  algorithm = 'grpo',
  label = algorithm,
  seed = 0,
  easy = 0.9,
  hard = 0,
  sampled = 100_000,
  trained = 40_000,
  neverSolved = 90,
}: Fabricated): VariantResult {
  const score = (easyScore: number, hardScore: number) => ({
    all: levelScore((easyScore + hardScore) / 2, 200),
    byLevel: { easy: levelScore(easyScore), hard: levelScore(hardScore) },
    samplesPerProblem: 4,
  });
  const curve = [0, 0.5, 1].map((share) => {
    const [easyScore, hardScore] = [0.7 + share * (easy - 0.7), share * hard];
    return { step: 20 * share, tokensSampled: sampled * share, passAt1: (easyScore + hardScore) / 2, byLevel: { easy: easyScore, hard: hardScore } };
  });
  return {
    label,
    seed,
    config: fabricatedConfig({ algorithm, seed, name: `${label}-seed${seed}` }),
    before: score(0.7, 0),
    after: score(easy, hard),
    curve,
    trainProblems: { easy: 64, hard: 96 },
    neverSolved: { easy: 0, hard: neverSolved },
    tokens: { sampled, trained },
    seconds: 30,
    peakRssMb: 700,
  };
}
