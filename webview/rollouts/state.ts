/** What the explorer shows, and how each thing that happens changes it. Pure: requests are made by `controller.ts`. */
import type { ConnectionView, PanelView, RolloutPlace } from '../../extension/contract.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { Attempt, GroupDetail, ProblemHistory, RolloutFilter, RolloutPage, RolloutRow, TokenDetail } from '../../backend/protocol/views.ts';
import { failed, idle, loading, ready, type Loadable } from '../ui/loadable.ts';
import { emptyList, selectionAfter, withPage, type RowList } from './rowList.ts';
import type { RowWindow } from './rowWindow.ts';
import { measures, type TokenMode } from './tokenMeasures.ts';
import { bySize } from './tokenTotals.ts';

export type RolloutsView = Extract<PanelView, { kind: 'rollouts' }>;

/** The right side of the page. */
export type Detail =
  | { readonly page: 'none' }
  /** A rollout whose group is not formed yet. */
  | { readonly page: 'attempt'; readonly rolloutId: string; readonly data: Loadable<Attempt> }
  /** `focusId`: the rollout to bring into view. */
  | { readonly page: 'group'; readonly groupId: string; readonly focusId: string | null; readonly data: Loadable<GroupDetail> }
  | { readonly page: 'problem'; readonly problemId: string; readonly data: Loadable<ProblemPage> }
  | {
      readonly page: 'tokens';
      readonly rolloutId: string;
      readonly groupId: string;
      readonly mode: TokenMode;
      /** The token that the keyboard is on. */
      readonly current: number | null;
      readonly data: Loadable<TokenDetail>;
    };

export interface ProblemPage {
  readonly history: ProblemHistory;
  /** Its newest rollouts, newest first, and whether there are more. */
  readonly attempts: RolloutPage;
}

export type DetailData =
  | { readonly page: 'attempt'; readonly id: string; readonly value: Attempt }
  | { readonly page: 'group'; readonly id: string; readonly value: GroupDetail }
  | { readonly page: 'problem'; readonly id: string; readonly value: ProblemPage }
  | { readonly page: 'tokens'; readonly id: string; readonly value: TokenDetail };

export interface ExplorerState {
  /** Null until the host says what to show. */
  readonly runId: string | null;
  readonly connection: ConnectionView;
  readonly filter: RolloutFilter;
  /** Levels to choose from. */
  readonly levels: readonly string[];
  readonly list: RowList;
  readonly count: Loadable<number>;
  readonly selectedId: string | null;
  /** Row of the selection, −1 for none. */
  readonly selectedAt: number;
  /** Rows that are drawn. */
  readonly window: RowWindow;
  /** End was pressed: pages are read on to the last one. */
  readonly isReadingOn: boolean;
  readonly detail: Detail;
  /** Switches of single parts of the page, e.g. `raw:<id>`. */
  readonly switches: ReadonlySet<string>;
}

export type Message =
  | { readonly type: 'shown'; readonly view: RolloutsView; readonly connection: ConnectionView }
  | { readonly type: 'connectionChanged'; readonly connection: ConnectionView }
  | { readonly type: 'levelsKnown'; readonly levels: readonly string[] }
  | { readonly type: 'filterChanged'; readonly filter: RolloutFilter }
  | { readonly type: 'listAsked'; readonly isFromStart: boolean }
  | { readonly type: 'pageArrived'; readonly page: RolloutPage; readonly isFromStart: boolean }
  | { readonly type: 'pageFailed'; readonly error: ErrorData }
  | { readonly type: 'countAsked' }
  | { readonly type: 'counted'; readonly count: number }
  | { readonly type: 'countFailed'; readonly error: ErrorData }
  | { readonly type: 'groupsFinished'; readonly groups: number }
  | { readonly type: 'selected'; readonly at: number }
  | { readonly type: 'windowMoved'; readonly window: RowWindow }
  | { readonly type: 'readingOn'; readonly isReadingOn: boolean }
  | { readonly type: 'detailOpened'; readonly detail: Detail }
  | { readonly type: 'detailAsked' }
  | { readonly type: 'detailArrived'; readonly data: DetailData }
  | { readonly type: 'detailFailed'; readonly page: Detail['page']; readonly id: string; readonly error: ErrorData }
  | { readonly type: 'switched'; readonly name: string }
  | { readonly type: 'tokenModeChosen'; readonly mode: TokenMode }
  | { readonly type: 'tokenReached'; readonly at: number }
  | { readonly type: 'largestTokenAsked' };

export const initialState: ExplorerState = {
  runId: null,
  connection: { state: 'connecting', detail: '' },
  filter: {},
  levels: [],
  list: emptyList,
  count: idle,
  selectedId: null,
  selectedAt: -1,
  window: { start: 0, end: 100 },
  isReadingOn: false,
  detail: { page: 'none' },
  switches: new Set(),
};

export function update(state: ExplorerState, message: Message): ExplorerState {
  switch (message.type) {
    case 'shown': {
      const { view, connection } = message;
      const isSameRun = view.runId === state.runId;
      const kept = isSameRun ? state : { ...initialState, levels: [] };
      return {
        ...kept,
        runId: view.runId,
        connection,
        filter: view.filter,
        detail: view.open === null ? kept.detail : detailOf(view.open, kept.detail),
      };
    }
    case 'connectionChanged':
      return { ...state, connection: message.connection };
    case 'levelsKnown':
      return { ...state, levels: [...new Set([...state.levels, ...message.levels])].sort() };
    case 'filterChanged':
      return { ...state, filter: message.filter, isReadingOn: false };
    case 'listAsked':
      return { ...state, list: { ...state.list, isLoading: true, error: null } };
    case 'pageArrived':
      return withArrivedPage(state, message.page, message.isFromStart);
    case 'pageFailed':
      return { ...state, isReadingOn: false, list: { ...state.list, isLoading: false, error: message.error } };
    case 'countAsked':
      return { ...state, count: loading(state.count) };
    case 'counted':
      return { ...state, count: ready(message.count) };
    case 'countFailed':
      return { ...state, count: failed(state.count, message.error) };
    case 'groupsFinished':
      return { ...state, list: { ...state.list, newGroups: state.list.newGroups + message.groups } };
    case 'selected': {
      const row = state.list.rows[message.at];
      return row === undefined ? state : { ...state, selectedAt: message.at, selectedId: row.id };
    }
    case 'windowMoved':
      return { ...state, window: message.window };
    case 'readingOn':
      return { ...state, isReadingOn: message.isReadingOn };
    case 'detailOpened':
      return { ...state, detail: message.detail };
    case 'detailAsked':
      return { ...state, detail: withData(state.detail, (data) => loading(data)) };
    case 'detailArrived':
      return { ...state, detail: arrived(state.detail, message.data) };
    case 'detailFailed':
      return message.page === state.detail.page && message.id === idOf(state.detail)
        ? { ...state, detail: withData(state.detail, (data) => failed(data, message.error)) }
        : state;
    case 'switched':
      return { ...state, switches: toggled(state.switches, message.name) };
    case 'tokenModeChosen':
      return state.detail.page === 'tokens' ? { ...state, detail: { ...state.detail, mode: message.mode, current: null } } : state;
    case 'tokenReached':
      return state.detail.page === 'tokens' ? { ...state, detail: { ...state.detail, current: message.at } } : state;
    case 'largestTokenAsked':
      return withLargestToken(state);
  }
}

/** What the editor keeps of the page. */
export function viewOf(state: ExplorerState): RolloutsView | null {
  return state.runId === null ? null : { kind: 'rollouts', runId: state.runId, filter: state.filter, open: placeOf(state.detail) };
}

export function placeOf(detail: Detail): RolloutPlace | null {
  switch (detail.page) {
    case 'group':
      return { page: 'group', groupId: detail.groupId };
    case 'problem':
      return { page: 'problem', problemId: detail.problemId };
    case 'tokens':
      return { page: 'tokens', rolloutId: detail.rolloutId, groupId: detail.groupId };
    case 'none':
    case 'attempt':
      return null;
  }
}

/** The page of a place; data that is there already stays. */
export function detailOf(place: RolloutPlace, before: Detail = { page: 'none' }): Detail {
  switch (place.page) {
    case 'group':
      return before.page === 'group' && before.groupId === place.groupId ? before : { ...place, focusId: null, data: idle };
    case 'problem':
      return before.page === 'problem' && before.problemId === place.problemId ? before : { ...place, data: idle };
    case 'tokens':
      return before.page === 'tokens' && before.rolloutId === place.rolloutId ? before : { ...place, mode: 'logprob', current: null, data: idle };
  }
}

/** The page that a row leads to. */
export function detailOfRow({ id, groupId }: RolloutRow, before: Detail): Detail {
  if (groupId === null) return { page: 'attempt', rolloutId: id, data: idle };
  const data = before.page === 'group' && before.groupId === groupId ? before.data : idle;
  return { page: 'group', groupId, focusId: id, data };
}

/** Of the group, problem or answer that the page is of. */
export function idOf(detail: Detail): string | null {
  switch (detail.page) {
    case 'none':
      return null;
    case 'group':
      return detail.groupId;
    case 'problem':
      return detail.problemId;
    case 'attempt':
    case 'tokens':
      return detail.rolloutId;
  }
}

function withArrivedPage(state: ExplorerState, page: RolloutPage, isFromStart: boolean): ExplorerState {
  const list = withPage(isFromStart ? emptyList : state.list, page);
  const selectedAt = isFromStart ? selectionAfter(list.rows, state.selectedId, -1) : state.selectedAt;
  const levels = page.rows.flatMap(({ level }) => (level === null ? [] : [level]));
  return update({ ...state, list, selectedAt, isReadingOn: state.isReadingOn && list.next !== null }, { type: 'levelsKnown', levels });
}

function withData(detail: Detail, change: <T>(data: Loadable<T>) => Loadable<T>): Detail {
  switch (detail.page) {
    case 'none':
      return detail;
    case 'attempt':
      return { ...detail, data: change(detail.data) };
    case 'group':
      return { ...detail, data: change(detail.data) };
    case 'problem':
      return { ...detail, data: change(detail.data) };
    case 'tokens':
      return { ...detail, data: change(detail.data) };
  }
}

/** An answer to a question that the page no longer asks changes nothing. */
function arrived(detail: Detail, data: DetailData): Detail {
  if (data.id !== idOf(detail)) return detail;
  if (detail.page === 'attempt' && data.page === 'attempt') return { ...detail, data: ready(data.value) };
  if (detail.page === 'group' && data.page === 'group') return { ...detail, data: ready(data.value) };
  if (detail.page === 'problem' && data.page === 'problem') return { ...detail, data: ready(data.value) };
  if (detail.page === 'tokens' && data.page === 'tokens') return { ...detail, data: ready(data.value) };
  return detail;
}

/** The largest token, or behind it the next in size. */
function withLargestToken(state: ExplorerState): ExplorerState {
  const { detail } = state;
  if (detail.page !== 'tokens' || detail.data.state !== 'ready') return state;
  const order = bySize(measures(detail.data.value, detail.mode));
  const at = order[(order.indexOf(detail.current ?? -1) + 1) % Math.max(1, order.length)];
  return at === undefined ? state : { ...state, detail: { ...detail, current: at } };
}

function toggled(switches: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(switches);
  if (!next.delete(name)) next.add(name);
  return next;
}
