/** Runs what an experiment still lacks, one run after another: trained, scored on the evaluation sets, and reported. */
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../core/errors.ts';
import type { BenchmarkScores, RescueStudy } from '../protocol/experimentViews.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import type { SetGraders } from '../training/evaluateSet.ts';
import { findPersistentFailures, rescueBy } from '../training/rescueStudy.ts';
import type { Run } from '../training/run.ts';
import { findCritic } from '../training/findPlugin.ts';
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
  /** Work with a run that has all of its steps, with the weights after the last one. */
  withFinished<T>(runId: string, work: (run: Run) => Promise<T>): Promise<T>;
}

export interface ExperimentObserver {
  onBegin?(run: PlannedRun): void;
  /** A run got its id. */
  onRun?(run: PlannedRun, runId: string): void;
  /** Problems answered after training, of an evaluation set or of the training problems. */
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
    if (options.signal.aborted && error !== undefined) break;
    await folder.setFailure(failureKey(run.cell.label, run.seed), error ?? null);
    await writeReport(plan, folder, host.store);
    observer.onEnd?.(run, error);
  }
  await writeReport(plan, folder, host.store);
  return signal.aborted ? 'paused' : 'finished';
}

/** The newest of the runs with exactly this configuration. */
export function runOf(runs: readonly RunView[], config: RunConfig): RunView | undefined {
  return runs.find((run) => run.config.name === config.name && isDeepStrictEqual(run.config, config));
}

async function isDone({ config }: PlannedRun, options: ExperimentOptions): Promise<boolean> {
  const known = runOf(options.host.store.runs(), config);
  if (known?.state !== 'finished') return false;
  const { sets, critics } = await openWork(known.id, options);
  return sets.length === 0 && critics.length === 0;
}

/** The message of what went wrong; undefined for nothing. */
async function finishRun(run: PlannedRun, options: ExperimentOptions): Promise<string | undefined> {
  const { host, observer = {} } = options;
  try {
    let known = runOf(host.store.runs(), run.config);
    if (known !== undefined) observer.onRun?.(run, known.id);
    if (known?.state !== 'finished') await host.train(run.config, known?.id ?? null, (runId) => observer.onRun?.(run, runId));
    known = runOf(host.store.runs(), run.config);
    if (known?.state !== 'finished') return 'It was stopped before its last step.';
    await examineRun(run, known.id, options);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** What is still to be done with the policy of a finished run. */
async function openWork(runId: string, { folder, sets, plan }: ExperimentOptions) {
  const { rescue } = plan.definition;
  const scores = await folder.scores(runId);
  const kept = await folder.rescue(runId);
  const study: RescueStudy | null = kept?.attempts === rescue.attempts ? kept : null;
  const studied = new Set(study?.critics.map(({ critic }) => critic));
  return {
    sets: sets.filter(({ benchmark }) => scores[benchmark.name] === undefined),
    study,
    critics: rescue.critics.map((name) => findCritic(name).name).filter((name) => !studied.has(name)),
  };
}

async function examineRun(run: PlannedRun, runId: string, options: ExperimentOptions): Promise<void> {
  const { sets, critics, study } = await openWork(runId, options);
  if (sets.length === 0 && critics.length === 0) return;
  await options.host.withFinished(runId, async (finished) => {
    const policy = { ...finished, signal: AbortSignal.any([finished.signal, options.signal]) };
    for (const set of sets) await scoreSet(run, policy, set, options);
    if (critics.length > 0) await studyRescue(run, policy, { critics, study }, options);
  });
}

async function scoreSet(run: PlannedRun, policy: Run, set: LoadedSet, { plan, folder, graders, observer = {} }: ExperimentOptions): Promise<void> {
  const { name, title } = set.benchmark;
  const scores: BenchmarkScores = await answerSet({
    ...{ policy, graders, set },
    settings: plan.definition.benchmarks,
    weights: `${policy.id}@${run.config.training.steps}`,
    file: folder.answersFile(policy.id, name),
    onProgress: (done, total) => observer.onSet?.(run, title, done, total),
  });
  await folder.keepScores(policy.id, scores);
}

/** Kept critic by critic. */
async function studyRescue(
  run: PlannedRun,
  policy: Run,
  { critics, study }: { readonly critics: readonly string[]; readonly study: RescueStudy | null },
  { plan, folder, observer = {} }: ExperimentOptions,
): Promise<void> {
  const { attempts, limit } = plan.definition.rescue;
  const onProgress = (done: number, total: number): void => observer.onSet?.(run, 'training problems', done, total);
  const { problems, wrong } = await findPersistentFailures(policy, { attempts, limit, onProgress });
  const persistent = new Set(wrong.map(({ problem }) => problem.id)).size;
  let known = study?.critics ?? [];
  for (const critic of critics) {
    known = [...known, await rescueBy(policy, critic, wrong)];
    await folder.keepRescue(policy.id, { attempts, problems, persistent, critics: known });
  }
}
