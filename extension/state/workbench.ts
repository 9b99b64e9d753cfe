/** What trees and status bar show, as plain data: a pure reducer over what the backend told. */
import type { Disagreement } from '../../backend/protocol/verdictViews.ts';
import type { CritiqueToReview, Progress, RunSummary, StandingFailure } from '../../backend/protocol/views.ts';
import type { ConnectionView } from '../contract.ts';

export interface Workbench {
  readonly connection: ConnectionView;
  /** Null before the first answer. Newest first. */
  readonly runs: readonly RunSummary[] | null;
  /** The run whose failures the sidebar shows. */
  readonly currentRunId: string | null;
  /** Of the current run; null before the first answer. */
  readonly failures: readonly StandingFailure[] | null;
  readonly toReview: readonly CritiqueToReview[] | null;
  /** Verdicts that nobody has settled yet, of the current run; null before the first answer. */
  readonly doubts: readonly Disagreement[] | null;
  /** Of the run in progress. */
  readonly progress: Progress | null;
}

export const emptyWorkbench: Workbench = {
  connection: { state: 'lost', detail: 'The backend has not been started yet.' },
  runs: null,
  currentRunId: null,
  failures: null,
  toReview: null,
  doubts: null,
  progress: null,
};

export type WorkbenchChange =
  | { readonly type: 'connection'; readonly connection: ConnectionView }
  | { readonly type: 'runs'; readonly runs: readonly RunSummary[] }
  /** The person chose a run, or started one. */
  | { readonly type: 'select'; readonly runId: string | null }
  | {
      readonly type: 'failures';
      readonly runId: string;
      readonly failures: readonly StandingFailure[];
      readonly toReview: readonly CritiqueToReview[];
      readonly doubts: readonly Disagreement[];
    }
  | { readonly type: 'progress'; readonly progress: Progress };

export function reduce(state: Workbench, change: WorkbenchChange): Workbench {
  switch (change.type) {
    case 'connection':
      return { ...state, connection: change.connection, progress: change.connection.state === 'connected' ? state.progress : null };
    case 'runs': {
      const { runs } = change;
      const currentRunId = runs.some(({ id }) => id === state.currentRunId) ? state.currentRunId : (runs[0]?.id ?? null);
      const isProgressOver = !runs.some(({ id, activity }) => id === state.progress?.runId && activity !== null);
      return { ...selected(state, currentRunId), runs, progress: isProgressOver ? null : state.progress };
    }
    case 'select':
      return selected(state, change.runId);
    case 'failures':
      return change.runId === state.currentRunId ? { ...state, failures: change.failures, toReview: change.toReview, doubts: change.doubts } : state;
    case 'progress':
      return { ...state, progress: change.progress };
  }
  return change satisfies never;
}

function selected(state: Workbench, runId: string | null): Workbench {
  return runId === state.currentRunId ? state : { ...state, currentRunId: runId, failures: null, toReview: null, doubts: null };
}

export function currentRun({ runs, currentRunId }: Workbench): RunSummary | null {
  return runs?.find(({ id }) => id === currentRunId) ?? null;
}

/** The run that the backend holds, if any. */
export function activeRun({ runs }: Workbench): RunSummary | null {
  return runs?.find(({ activity }) => activity !== null) ?? null;
}
