/** Runs what an experiment still lacks, one run after another: trained, scored on the evaluation sets, and reported. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { BenchmarkScores } from '../protocol/experimentViews.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import type { SetGraders } from '../training/evaluateSet.ts';
import type { Policy } from '../training/policy.ts';
import { answerSet, type LoadedSet } from './benchmarkAnswers.ts';
import { failureKey, type ExperimentFolder } from './experimentFolder.ts';
import type { ExperimentPlan, PlannedRun } from './grid.ts';
import { writeReport } from './writeReport.ts';

/** Who trains the runs: the command line's own loop, or the backend's one open policy. */
export interface ExperimentHost {
  /** Anew where it changes hands. */
  readonly store: StoreReader;
  /** To the end, from the last checkpoint of `runId` or anew; `onRun` hears its id. Throws what ends it before, an abort included. */
  train(config: RunConfig, runId: string | null, onRun: (runId: string) => void): Promise<void>;
  /** Work with the policy of a finished run. */
  withPolicy<T>(runId: string, work: (policy: Policy) => Promise<T>): Promise<T>;
}

export interface ExperimentObserver {
  onBegin?(run: PlannedRun): void;
  /** A run got its id. */
  onRun?(run: PlannedRun, runId: string): void;
  onSet?(run: PlannedRun, set: string, done: number, total: number): void;
  /** `error`: why it failed; undefined for one that is done. */
  onEnd?(run: PlannedRun, error: string | undefined): void;
}

export interface ExperimentOptions {
  readonly plan: ExperimentPlan;
  readonly folder: ExperimentFolder;
  readonly host: ExperimentHost;
  /** Of the plan, read. */
  readonly sets: readonly LoadedSet[];
  readonly graders: SetGraders;
  /** Pauses it: the run in progress writes a checkpoint. */
  readonly signal: AbortSignal;
  readonly observer?: ExperimentObserver;
}

/**
 * What is done already is passed over; what failed before is tried again. A run that fails is recorded and the next one begins. The report is
 * written after every run. Returns `paused` when the signal was aborted.
 */
export async function runExperiment(options: ExperimentOptions): Promise<'finished' | 'paused'> {
  const { plan, folder, host, signal, observer = {} } = options;
  for (const run of plan.runs) {
    if (signal.aborted) break;
    if (await isDone(run, options)) continue;
    observer.onBegin?.(run);
    const error = await finishRun(run, options);
    if (signal.aborted && error !== undefined) break;
    await folder.setFailure(failureKey(run.cell.label, run.seed), error ?? null);
    await writeReport(plan, folder, host.store);
    observer.onEnd?.(run, error);
  }
  await writeReport(plan, folder, host.store);
  return signal.aborted ? 'paused' : 'finished';
}

/** The newest run of exactly this configuration. */
export function runOf(store: StoreReader, config: RunConfig): RunView | undefined {
  return store.runs().find((run) => isDeepStrictEqual(run.config, config));
}

async function isDone({ config }: PlannedRun, { host, folder, sets }: ExperimentOptions): Promise<boolean> {
  const known = runOf(host.store, config);
  if (known?.state !== 'finished') return false;
  const scores = await folder.scores(known.id);
  return sets.every(({ benchmark }) => scores[benchmark.name] !== undefined);
}

/** The message of what went wrong; undefined for nothing. */
async function finishRun(run: PlannedRun, options: ExperimentOptions): Promise<string | undefined> {
  const { host, observer = {} } = options;
  try {
    let known = runOf(host.store, run.config);
    if (known !== undefined) observer.onRun?.(run, known.id);
    if (known?.state !== 'finished') await host.train(run.config, known?.id ?? null, (runId) => observer.onRun?.(run, runId));
    known = runOf(host.store, run.config);
    if (known?.state !== 'finished') return 'It was stopped before its last step.';
    await scoreRun(run, known.id, options);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function scoreRun(run: PlannedRun, runId: string, options: ExperimentOptions): Promise<void> {
  const { plan, folder, host, sets, graders, signal, observer = {} } = options;
  const known = await folder.scores(runId);
  const open = sets.filter(({ benchmark }) => known[benchmark.name] === undefined);
  if (open.length === 0) return;
  await host.withPolicy(runId, async (policy) => {
    for (const set of open) {
      const { name } = set.benchmark;
      const scores: BenchmarkScores = await answerSet({
        ...{ policy: { ...policy, signal }, graders, set },
        settings: plan.definition.benchmarks,
        weights: `${runId}@${run.config.training.steps}`,
        file: folder.answersFile(runId, name),
        onProgress: (done, total) => observer.onSet?.(run, name, done, total),
      });
      await folder.keepScores(runId, scores);
    }
  });
}
