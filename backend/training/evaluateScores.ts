/** Scores of an evaluation from how many samples of each problem were right. */
import { mean, passAtK, sum, wilsonInterval } from '../core/stats.ts';
import type { Evaluation, LevelScore } from '../protocol/records.ts';

export interface ProblemCount {
  readonly level: string;
  /** Samples with a verdict (n); those whose verifier failed are left out. */
  readonly samples: number;
  /** Right ones among them (c). */
  readonly right: number;
}

/** The score of all problems together and of each level, in the order in which the data set comes to them. */
export function evaluateScores(counts: readonly ProblemCount[]): Pick<Evaluation, 'all' | 'byLevel'> {
  const levels = [...new Set(counts.map((count) => count.level))];
  return {
    all: levelScore(counts),
    byLevel: Object.fromEntries(levels.map((level) => [level, levelScore(counts.filter((count) => count.level === level))])),
  };
}

/**
 * Every score is a mean over problems with at least one sample. pass@k is given for k = 1, 2, 4, 8, … up to the smallest number of
 * samples a problem has. The interval treats samples as independent. Without any sample, passAt1 is 0 in [0, 1].
 */
export function levelScore(counts: readonly ProblemCount[]): LevelScore {
  const sampled = counts.filter((count) => count.samples > 0);
  const samples = sum(sampled.map((count) => count.samples));
  const passAt1 = sampled.length === 0 ? 0 : mean(sampled.map(({ samples: n, right }) => right / n));
  const [low, high] = wilsonInterval(passAt1 * samples, samples);
  const fewest = sampled.length === 0 ? 0 : Math.min(...sampled.map((count) => count.samples));
  const byK: Record<string, number> = {};
  for (let k = 1; k <= fewest; k *= 2) byK[k] = mean(sampled.map(({ samples: n, right }) => passAtK(n, right, k)));
  return {
    problems: sampled.length,
    samples,
    passAt1,
    interval: [low, high],
    passAtK: byK,
    neverSolved: sampled.filter((count) => count.right === 0).length,
  };
}
