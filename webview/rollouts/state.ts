/** What the explorer shows, and how each thing that happens changes it. Pure: requests are made by `controller.ts`. */
import type { ConnectionView, PanelView } from '../../extension/contract.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { RolloutFilter, RolloutPage } from '../../backend/protocol/views.ts';
import { failed, idle, loading, ready, type Loadable } from '../ui/loadable.ts';
import { atLargestToken, detailOf, idOf, placeOf, withAnswer, withData, type Detail, type DetailData } from './detail.ts';
import { emptyList, selectionAfter, withPage, type RowList } from './rowList.ts';
import type { RowWindow } from './rowWindow.ts';
import type { TokenMode } from './tokenMeasures.ts';

export type RolloutsView = Extract<PanelView, { kind: 'rollouts' }>;

export interface ExplorerState {
  /** Null until the host says what to show. */
  readonly runId: string | null;
  readonly connection: ConnectionView;
  readonly filter: RolloutFilter;
  /** Levels to choose from. */
  readonly levels: readonly string[];
  /** Steps at which dynamic sampling left groups out. */
  readonly filteredSteps: ReadonlySet<number>;
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
  | { readonly type: 'filteredStepsKnown'; readonly steps: readonly number[] }
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
  filteredSteps: new Set(),
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
      const kept = isSameRun ? state : initialState;
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
    case 'filteredStepsKnown':
      return message.steps.length === 0 ? state : { ...state, filteredSteps: new Set([...state.filteredSteps, ...message.steps]) };
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
      return { ...state, detail: withAnswer(state.detail, message.data) };
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
      return { ...state, detail: atLargestToken(state.detail) };
  }
}

/** What the editor keeps of the page. */
export function viewOf(state: ExplorerState): RolloutsView | null {
  return state.runId === null ? null : { kind: 'rollouts', runId: state.runId, filter: state.filter, open: placeOf(state.detail) };
}

function withArrivedPage(state: ExplorerState, page: RolloutPage, isFromStart: boolean): ExplorerState {
  const list = withPage(isFromStart ? emptyList : state.list, page);
  const selectedAt = isFromStart ? selectionAfter(list.rows, state.selectedId, -1) : state.selectedAt;
  const levels = page.rows.flatMap(({ level }) => (level === null ? [] : [level]));
  return update({ ...state, list, selectedAt, isReadingOn: state.isReadingOn && list.next !== null }, { type: 'levelsKnown', levels });
}

function toggled(switches: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(switches);
  if (!next.delete(name)) next.add(name);
  return next;
}
