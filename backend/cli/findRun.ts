/** Finds the runs that a command means: those named, or the newest. */
import { WorkbenchError } from '../core/errors.ts';
import type { RunView } from '../protocol/views.ts';
import type { StoreReader } from '../store/storeReader.ts';
import { harmless } from './terminalText.ts';

/** Throws `run.notFound` with what there is. */
export function findRuns(store: StoreReader, ids: readonly string[]): readonly RunView[] {
  const runs = store.runs();
  const missing = ids.find((id) => !runs.some((run) => run.id === id));
  const found = ids.length === 0 ? runs.slice(0, 1) : ids.flatMap((id) => runs.find((run) => run.id === id) ?? []);
  if (missing === undefined && found.length > 0) return found;
  const unusable = unusableRuns(store);
  const none = missing === undefined ? 'There is no run in this workspace.' : `There is no run ${harmless(missing)} in this workspace.`;
  throw new WorkbenchError({
    code: 'run.notFound',
    message: unusable === '' ? none : `${none} ${unusable}`,
    remedy: runs.length === 0 ? 'Train one first, or give another --workspace.' : `There are: ${runs.map(({ id }) => id).join(', ')}.`,
  });
}

/** A sentence about runs that are left out; empty where there are none. */
export function unusableRuns(store: StoreReader): string {
  const ids = store.unusableRunIds();
  if (ids.length === 0) return '';
  const shown = ids.slice(0, 5).join(', ') + (ids.length > 5 ? ` and ${ids.length - 5} more` : '');
  return `Left out, because their ids cannot name a folder: ${harmless(shown)}.`;
}
