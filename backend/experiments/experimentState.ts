/** How far an experiment is: derived from the store and from what the experiment keeps. */
import { resolve, dirname } from 'node:path';
import { sum } from '../core/stats.ts';
import type { CellState, ExperimentDetail, ExperimentRunView } from '../protocol/experimentViews.ts';
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import { failureKey, type ExperimentFolder } from './experimentFolder.ts';
import type { ExperimentPlan } from './grid.ts';
import { runOf } from './runExperiment.ts';

/** The session that runs it: runs it ended, and for how long it goes on. */
export interface RunningSession {
  readonly done: number;
  readonly seconds: number;
}

export async function experimentDetail(
  plan: ExperimentPlan,
  folder: ExperimentFolder,
  store: StoreReader | null,
  session: RunningSession | null,
): Promise<ExperimentDetail> {
  const { definition, path } = plan;
  const failures = await folder.failures();
  const sets = Object.keys(definition.benchmarks.sets).length;
  const known = store?.runs() ?? [];
  const runs: ExperimentRunView[] = [];
  for (const { cell, seed, config } of plan.runs) {
    const run = runOf(known, config);
    const setsDone = run === undefined || sets === 0 ? 0 : Object.keys(await folder.scores(run.id)).length;
    const error = failures[failureKey(cell.label, seed)] ?? null;
    runs.push({
      cell: cell.label,
      seed,
      state: stateOf(run, { isScored: setsDone >= sets, error }),
      runId: run?.id ?? null,
      step: run?.lastStep ?? 0,
      steps: config.training.steps,
      setsDone,
      sets,
      error,
    });
  }
  const count = (state: CellState): number => runs.filter((run) => run.state === state).length;
  return {
    id: definition.name,
    name: definition.name,
    path,
    isRunning: session !== null,
    finished: count('finished'),
    failed: count('failed'),
    total: runs.length,
    secondsLeft: session === null ? null : secondsLeft(runs, session),
    definition,
    runs,
  };
}

/** Paths in an experiment file are from its folder. */
export function fromFile(path: string, experimentPath: string): string {
  return /^(?:demo:|[a-z]+:\/\/)/.test(path) ? path : resolve(dirname(experimentPath), path);
}

function stateOf(run: RunView | undefined, { isScored, error }: { readonly isScored: boolean; readonly error: string | null }): CellState {
  if (run?.state === 'running') return 'running';
  if (run?.state === 'finished' && isScored) return 'finished';
  if (error !== null) return 'failed';
  return run === undefined ? 'waiting' : 'paused';
}

/** At the pace of the runs that this session ended; what failed is tried again at the next start only. */
function secondsLeft(runs: readonly ExperimentRunView[], { done, seconds }: RunningSession): number | null {
  if (done === 0) return null;
  const left = sum(runs.map(({ state, step, steps }) => (state === 'finished' || state === 'failed' ? 0 : 1 - step / steps)));
  return Math.max(0, (seconds / done) * left);
}
