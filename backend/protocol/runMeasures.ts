/** What a finished run is measured by: the numbers that reports and views share. Null where a run has no such number. */
import type { BenchmarkScores, Score, SeedResult } from './experimentViews.ts';

/** Steps at the end that are taken together. */
export const lastSteps = 20;

/** The number of an evaluation set: greedy pass@1, or avg@k where nothing was asked greedily. */
export function setScore({ greedy, sampled }: Pick<BenchmarkScores, 'greedy' | 'sampled'>): Score | null {
  return greedy ?? sampled?.avg ?? null;
}

/** Titles of the evaluation sets that any of the runs was scored on, by name. */
export function setsOfRuns(runs: readonly SeedResult[]): ReadonlyMap<string, string> {
  return new Map(runs.flatMap(({ benchmarks }) => benchmarks.map(({ set, title }) => [set, title] as const)));
}

/** Of the sets, each counted alike; of a run that was scored on all of them. */
export function averageOfSets({ benchmarks }: Pick<SeedResult, 'benchmarks'>, sets: Iterable<string>): number | null {
  const scores = [...sets].map((name) => {
    const found = benchmarks.find(({ set }) => set === name);
    return found === undefined ? null : (setScore(found)?.value ?? null);
  });
  return scores.some((score) => score === null) ? null : meanOf(scores as number[]);
}

/** What an experiment is judged by: the average over its evaluation sets, or else held-out pass@1 after training. */
export function judgedScore(runs: readonly SeedResult[]): (run: SeedResult) => number | null {
  const sets = [...setsOfRuns(runs).keys()];
  return sets.length === 0 ? ({ after }) => after : (run) => averageOfSets(run, sets);
}

/** Share of the training problems with no right answer in the run's number of tries. */
export function neverSolvedShare({ failures }: Pick<SeedResult, 'failures'>, when: 'before' | 'after'): number | null {
  return failures.problems === 0 ? null : failures[when] / failures.problems;
}

/** The mean of a number of updates over the last steps. */
export function lateMean({ dynamics }: Pick<SeedResult, 'dynamics'>, name: string): number | null {
  return meanOf((dynamics[name] ?? []).slice(-lastSteps).map(([, value]) => value));
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
