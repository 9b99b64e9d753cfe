/** How far the runs of an experiment are, as the grid that a person reads: a row a cell, a column a seed. */
import type { CellState, ExperimentDetail, ExperimentRunView } from '../../backend/protocol/experimentViews.ts';

export interface GridRow {
  readonly cell: string;
  /** One a seed; null where there is no such run. */
  readonly runs: readonly (ExperimentRunView | null)[];
}

/** `scoring`: all steps are done, and evaluation sets are answered. */
export type ShownState = CellState | 'scoring';

export function gridRows({ runs, definition: { seeds } }: Pick<ExperimentDetail, 'runs' | 'definition'>): readonly GridRow[] {
  const byPlace = new Map(runs.map((run) => [placeOf(run.cell, run.seed), run]));
  const cells = [...new Set(runs.map(({ cell }) => cell))];
  return cells.map((cell) => ({ cell, runs: seeds.map((seed) => byPlace.get(placeOf(cell, seed)) ?? null) }));
}

export function shownState({ state, step, steps, setsDone, sets }: ExperimentRunView, isRunning: boolean): ShownState {
  return isRunning && state === 'paused' && step >= steps && setsDone < sets ? 'scoring' : state;
}

/** Share of the work that is done, runs counted alike: their steps, then their evaluation sets as a step each. */
export function shareDone(runs: readonly ExperimentRunView[]): number {
  if (runs.length === 0) return 0;
  const shares = runs.map(({ state, step, steps, setsDone, sets }) => (state === 'finished' ? 1 : (step + setsDone) / Math.max(1, steps + sets)));
  return shares.reduce((sum, share) => sum + share, 0) / runs.length;
}

/** What the experiment as a whole is at. */
export type Standing = 'running' | 'finished' | 'incomplete' | 'paused' | 'waiting';

/** `incomplete`: nothing is left to do but runs that failed. */
export function standingOf({ isRunning, finished, failed, total, runs }: ExperimentDetail): Standing {
  if (isRunning) return 'running';
  if (finished === total) return 'finished';
  if (finished + failed === total) return 'incomplete';
  return runs.every(({ state }) => state === 'waiting') ? 'waiting' : 'paused';
}

function placeOf(cell: string, seed: number): string {
  return JSON.stringify([cell, seed]);
}
