/** What the page of an experiment shows, and how each thing that happens changes it. Pure: requests are made by `controller.ts`. */
import type { Event } from '../../backend/protocol/events.ts';
import type { ExperimentDetail, ExperimentReport, ExperimentRunView } from '../../backend/protocol/experimentViews.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { ConnectionView, PanelView } from '../../extension/contract.ts';
import type { Look, XRange } from '../charts/plotData.ts';
import { failed, idle, loading, ready, valueOf, type Loadable } from '../ui/loadable.ts';
import type { FunnelGrouping } from './funnel.ts';
import type { Measure } from './measures.ts';
import { nextSort, type Sort } from './results.ts';

export type ExperimentPanelView = Extract<PanelView, { kind: 'experiment' }>;

/** What a person asked for that the backend has not answered yet. */
export type Pending = 'start' | 'pause';

export interface ExperimentState {
  /** Null until the host says what to show. */
  readonly view: ExperimentPanelView | null;
  readonly connection: ConnectionView;
  readonly detail: Loadable<ExperimentDetail>;
  /** Idle until a run is finished. */
  readonly report: Loadable<ExperimentReport>;
  readonly pending: Pending | null;
  /** Why the last start or pause did not work. */
  readonly refusal: { readonly of: Pending; readonly error: ErrorData } | null;
  /** Null: the order of the grid. */
  readonly sort: Sort | null;
  readonly funnelBy: FunnelGrouping;
  /** What the lines of the charts stand for; null: as usual for the grid. */
  readonly linesBy: string | null;
  /** Axis and measure of the ablation; null: the first. */
  readonly axis: string | null;
  readonly measure: string | null;
  /** Axis whose values make the lines of the chart over an axis of numbers; null: as usual for the grid. */
  readonly splitBy: string | null;
  readonly look: Look;
  /** Ids of charts shown as tables. */
  readonly tables: ReadonlySet<string>;
}

export const initialState: ExperimentState = {
  view: null,
  connection: { state: 'connecting', detail: '' },
  detail: idle,
  report: idle,
  pending: null,
  refusal: null,
  sort: null,
  funnelBy: 'together',
  linesBy: null,
  axis: null,
  measure: null,
  splitBy: null,
  look: { range: null, smoothing: 0, hidden: new Set() },
  tables: new Set(),
};

export type Message =
  | { readonly type: 'shown'; readonly view: ExperimentPanelView; readonly connection: ConnectionView }
  | { readonly type: 'connectionChanged'; readonly connection: ConnectionView }
  | { readonly type: 'detailAsked' }
  | { readonly type: 'detailRead'; readonly detail: ExperimentDetail }
  | { readonly type: 'detailFailed'; readonly error: ErrorData }
  | { readonly type: 'reportAsked' }
  | { readonly type: 'reportRead'; readonly report: ExperimentReport }
  | { readonly type: 'reportFailed'; readonly error: ErrorData }
  | { readonly type: 'happened'; readonly events: readonly Event[] }
  | { readonly type: 'asked'; readonly pending: Pending }
  | { readonly type: 'done' }
  | { readonly type: 'refused'; readonly of: Pending; readonly error: ErrorData }
  | { readonly type: 'columnClicked'; readonly column: string; readonly better: Measure['better'] }
  | { readonly type: 'funnelChosen'; readonly by: FunnelGrouping }
  | { readonly type: 'linesChosen'; readonly by: string }
  | { readonly type: 'axisChosen'; readonly axis: string }
  | { readonly type: 'measureChosen'; readonly measure: string }
  | { readonly type: 'splitChosen'; readonly by: string }
  | { readonly type: 'zoomed'; readonly range: XRange }
  | { readonly type: 'curvesToggled'; readonly curveId: string }
  | { readonly type: 'tableToggled'; readonly chartId: string };

export function update(state: ExperimentState, message: Message): ExperimentState {
  switch (message.type) {
    case 'shown': {
      const { view, connection } = message;
      return state.view?.experimentId === view.experimentId ? { ...state, connection } : { ...initialState, view, connection };
    }
    case 'connectionChanged':
      return { ...state, connection: message.connection };
    case 'detailAsked':
      return { ...state, detail: loading(state.detail) };
    case 'detailRead':
      return { ...state, detail: ready(message.detail) };
    case 'detailFailed':
      return { ...state, detail: failed(state.detail, message.error) };
    case 'reportAsked':
      return { ...state, report: loading(state.report) };
    case 'reportRead':
      return { ...state, report: ready(message.report) };
    case 'reportFailed':
      return { ...state, report: failed(state.report, message.error) };
    case 'happened':
      return message.events.reduce(withEvent, state);
    case 'asked':
      return { ...state, pending: message.pending, refusal: null };
    case 'done':
      return { ...state, pending: null };
    case 'refused':
      return { ...state, pending: null, refusal: { of: message.of, error: message.error } };
    case 'columnClicked':
      return { ...state, sort: nextSort(state.sort, message.column, message.better) };
    case 'funnelChosen':
      return { ...state, funnelBy: message.by };
    case 'linesChosen':
      return { ...state, linesBy: message.by, look: { ...state.look, hidden: new Set() } };
    case 'axisChosen':
      return { ...state, axis: message.axis };
    case 'measureChosen':
      return { ...state, measure: message.measure };
    case 'splitChosen':
      return { ...state, splitBy: message.by };
    case 'zoomed':
      return { ...state, look: { ...state.look, range: message.range } };
    case 'curvesToggled':
      return { ...state, look: { ...state.look, hidden: toggled(state.look.hidden, message.curveId) } };
    case 'tableToggled':
      return { ...state, tables: toggled(state.tables, message.chartId) };
  }
  return message satisfies never;
}

/** Changes when a report would: a run has all its steps, an evaluation set is answered, a run failed. */
export function reportKey({ runs }: ExperimentDetail): string {
  const trained = runs.filter(({ state, step, steps }) => state !== 'waiting' && step >= steps).length;
  const sets = runs.reduce((sum, { setsDone }) => sum + setsDone, 0);
  return JSON.stringify([trained, sets, runs.filter(({ state }) => state === 'failed').length]);
}

/** Whether there is anything to report on. */
export function hasResults({ runs }: ExperimentDetail): boolean {
  return runs.some(({ runId, step, steps }) => runId !== null && step >= steps);
}

/** A finished step of a run of the grid moves it on at once; everything else is read again. */
function withEvent(state: ExperimentState, { runId, body }: Event): ExperimentState {
  const detail = valueOf(state.detail);
  if (body.type !== 'stepFinished' || detail === null) return state;
  const { step } = body.update;
  const moved = (run: ExperimentRunView): ExperimentRunView => (run.runId === runId ? { ...run, step } : run);
  const changed = { ...detail, runs: detail.runs.map(moved) };
  const next: Loadable<ExperimentDetail> =
    state.detail.state === 'ready' ? ready(changed) : ({ ...state.detail, last: changed } as typeof state.detail);
  return { ...state, detail: next };
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const changed = new Set(set);
  if (!changed.delete(item)) changed.add(item);
  return changed;
}
