/** The rows loaded so far, newest first, and what is known to follow and to have arrived above them. */
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { RolloutPage, RolloutRow } from '../../backend/protocol/views.ts';

export interface RowList {
  readonly rows: readonly RolloutRow[];
  /** For the page that follows; null when everything is there. Undefined before the first page. */
  readonly next: number | null | undefined;
  readonly isLoading: boolean;
  readonly error: ErrorData | null;
  /** Groups that finished since the first page was read; they are not among the rows. */
  readonly newGroups: number;
}

export const emptyList: RowList = { rows: [], next: undefined, isLoading: false, error: null, newGroups: 0 };

/** Rows a page: a thousand rows are 0.3 MB and a few ms of the backend, and the list asks 400 rows ahead. */
export const pageSize = 500;
/** While all are read: the most that the backend gives at once. */
export const largestPage = 1000;
const rowsAhead = 400;

export function withPage(list: RowList, page: RolloutPage): RowList {
  const last = list.rows.at(-1)?.key;
  const added = last === undefined ? page.rows : page.rows.filter(({ key }) => key < last);
  return { ...list, rows: [...list.rows, ...added], next: page.next, isLoading: false, error: null };
}

/** Whether the next page must be asked for when the row `end` is on screen. A failed page is asked for again by a person only. */
export function needsPage(list: RowList, end: number): boolean {
  return !list.isLoading && list.error === null && list.next !== null && end + rowsAhead > list.rows.length;
}

/** Whether a row begins a step or a problem of the list: the border that groups them. */
export function beginsGroup(rows: readonly RolloutRow[], at: number): 'step' | 'problem' | null {
  const [row, above] = [rows[at], rows[at - 1]];
  if (row === undefined) return null;
  if (above?.step !== row.step) return 'step';
  return above.problemId === row.problemId ? null : 'problem';
}

/** The selected row after new pages or a new first page: the same rollout where it still is, else the same place. */
export function selectionAfter(rows: readonly RolloutRow[], id: string | null, at: number): number {
  if (rows.length === 0) return -1;
  const found = id === null ? -1 : rows.findIndex((row) => row.id === id);
  return found >= 0 ? found : Math.min(Math.max(at, -1), rows.length - 1);
}
