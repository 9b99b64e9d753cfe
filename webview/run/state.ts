/** What the dashboard shows, and how each thing that happens changes it. Pure: requests are made by `controller.ts`. */
import type { Event } from '../../backend/protocol/events.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import type { Evaluation } from '../../backend/protocol/records.ts';
import type { Funnel, Progress, RolloutRow, RunSummary, Series } from '../../backend/protocol/views.ts';
import type { ConnectionView, PanelView } from '../../extension/contract.ts';
import type { XAxis } from '../charts/curve.ts';
import type { Look, XRange } from '../charts/plotData.ts';
import { noCurves, withSeries, withUpdate, type RunCurves } from './curves.ts';
import { withNews, type NewsItem } from './news.ts';

export type RunPanelView = Extract<PanelView, { kind: 'run' }>;

export interface RunData {
  readonly summary: RunSummary;
  readonly curves: RunCurves;
  readonly evaluations: readonly Evaluation[];
}

export interface DashboardState {
  /** Null until the host says what to show. */
  readonly view: RunPanelView | null;
  readonly connection: ConnectionView;
  /** By run: the one shown and those laid over it; absent until read. */
  readonly data: Readonly<Record<string, RunData>>;
  readonly funnel: Funnel | null;
  /** The newest rollout of a rescued problem, to read what a critique did; null when there is none. */
  readonly rescue: RolloutRow | null;
  /** Every run of the workspace, to choose overlays from; null until read. */
  readonly runs: readonly RunSummary[] | null;
  readonly progress: Progress | null;
  readonly news: readonly NewsItem[];
  /** When something was last heard of the run, and the time now; milliseconds. */
  readonly heardAt: number | null;
  readonly now: number;
  readonly error: ErrorData | null;
  readonly xAxis: XAxis;
  readonly look: Look;
  /** Ids of charts shown as tables. */
  readonly tables: ReadonlySet<string>;
}

export const initialState: DashboardState = {
  view: null,
  connection: { state: 'connecting', detail: '' },
  data: {},
  funnel: null,
  rescue: null,
  runs: null,
  progress: null,
  news: [],
  heardAt: null,
  now: 0,
  error: null,
  xAxis: 'step',
  look: { range: null, smoothing: 0, hidden: new Set() },
  tables: new Set(),
};

export type Message =
  | { readonly type: 'shown'; readonly view: RunPanelView; readonly connection: ConnectionView }
  | { readonly type: 'connectionChanged'; readonly connection: ConnectionView }
  /** `afterStep`: the numbers are those from the step after it on; null for all. */
  | {
      readonly type: 'runRead';
      readonly summary: RunSummary;
      readonly series: Series;
      readonly afterStep: number | null;
      readonly evaluations: readonly Evaluation[];
    }
  | { readonly type: 'summaryRead'; readonly summary: RunSummary }
  | { readonly type: 'funnelRead'; readonly funnel: Funnel }
  | { readonly type: 'newsRead'; readonly events: readonly Event[] }
  | { readonly type: 'rescueRead'; readonly row: RolloutRow | null }
  | { readonly type: 'runsRead'; readonly runs: readonly RunSummary[] }
  | { readonly type: 'readFailed'; readonly error: ErrorData }
  | { readonly type: 'happened'; readonly events: readonly Event[]; readonly now: number }
  | { readonly type: 'progressed'; readonly progress: Progress; readonly now: number }
  | { readonly type: 'ticked'; readonly now: number }
  | { readonly type: 'zoomed'; readonly range: XRange }
  | { readonly type: 'smoothingChosen'; readonly smoothing: number }
  | { readonly type: 'axisChosen'; readonly xAxis: XAxis }
  | { readonly type: 'curvesToggled'; readonly curveId: string }
  | { readonly type: 'tableToggled'; readonly chartId: string }
  | { readonly type: 'overlaysChosen'; readonly overlays: readonly string[] };

export function update(state: DashboardState, message: Message): DashboardState {
  switch (message.type) {
    case 'shown': {
      const isOther = state.view?.runId !== message.view.runId;
      const look = { ...state.look, range: null };
      const cleared = isOther ? { funnel: null, rescue: null, progress: null, news: [], heardAt: null, error: null, look } : {};
      return { ...state, ...cleared, view: message.view, connection: message.connection };
    }
    case 'connectionChanged':
      return { ...state, connection: message.connection, progress: message.connection.state === 'connected' ? state.progress : null };
    case 'runRead': {
      const { summary, series, afterStep, evaluations } = message;
      const curves = withSeries(afterStep === null ? noCurves : (state.data[summary.id]?.curves ?? noCurves), series);
      return { ...state, data: { ...state.data, [summary.id]: { summary, curves, evaluations } }, error: null };
    }
    case 'summaryRead':
      return withRun(state, message.summary.id, (data) => ({ ...data, summary: message.summary }));
    case 'funnelRead':
      return { ...state, funnel: message.funnel };
    case 'newsRead':
      return { ...state, news: message.events.reduce(withNews, state.news) };
    case 'rescueRead':
      return { ...state, rescue: message.row };
    case 'runsRead':
      return { ...state, runs: message.runs };
    case 'readFailed':
      return { ...state, error: message.error };
    case 'happened': {
      const isHeard = message.events.some(({ runId }) => runId === state.view?.runId);
      return message.events.reduce(withEvent, isHeard ? { ...state, heardAt: message.now, now: message.now } : state);
    }
    case 'progressed':
      if (message.progress.runId !== state.view?.runId) return state;
      return { ...state, progress: message.progress, heardAt: message.now, now: message.now };
    case 'ticked':
      return { ...state, now: message.now };
    case 'zoomed':
      return { ...state, look: { ...state.look, range: message.range } };
    case 'smoothingChosen':
      return { ...state, look: { ...state.look, smoothing: message.smoothing } };
    case 'axisChosen':
      return { ...state, xAxis: message.xAxis, look: { ...state.look, range: null } };
    case 'curvesToggled':
      return { ...state, look: { ...state.look, hidden: toggled(state.look.hidden, message.curveId) } };
    case 'tableToggled':
      return { ...state, tables: toggled(state.tables, message.chartId) };
    case 'overlaysChosen':
      return state.view === null ? state : { ...state, view: { ...state.view, overlays: message.overlays } };
  }
  return message satisfies never;
}

/** The run that the page is about; null until read. */
export function shownRun({ view, data }: DashboardState): RunData | null {
  return view === null ? null : (data[view.runId] ?? null);
}

/** Ids of all runs, oldest first: a run keeps its place when others begin. */
export function runOrder({ runs, view }: Pick<DashboardState, 'runs' | 'view'>): readonly string[] {
  if (runs === null) return view?.overlays ?? [];
  return [...runs].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

/** How long nothing was heard of a run that is at work; null when it is not. */
export function secondsSinceNews(state: DashboardState): number | null {
  const activity = shownRun(state)?.summary.activity ?? null;
  if (activity === null || activity === 'paused' || state.heardAt === null) return null;
  return Math.max(0, (state.now - state.heardAt) / 1000);
}

function withEvent(state: DashboardState, event: Event): DashboardState {
  const { runId, body } = event;
  const told = runId === state.view?.runId ? { ...state, news: withNews(state.news, event) } : state;
  switch (body.type) {
    case 'stepFinished':
      return withRun(told, runId, (data) => ({ ...data, curves: withUpdate(data.curves, body.update) }));
    case 'evaluationFinished':
      return withRun(told, runId, (data) => ({ ...data, evaluations: withEvaluation(data.evaluations, body.evaluation) }));
    case 'runStopped':
      return runId === told.view?.runId ? { ...told, progress: null } : told;
    default:
      return told;
  }
}

function withRun(state: DashboardState, runId: string, change: (data: RunData) => RunData): DashboardState {
  const data = state.data[runId];
  return data === undefined ? state : { ...state, data: { ...state.data, [runId]: change(data) } };
}

/** One a step and set: a resumed run measures again. */
function withEvaluation(evaluations: readonly Evaluation[], evaluation: Evaluation): readonly Evaluation[] {
  const others = evaluations.filter(({ step, set }) => step !== evaluation.step || set !== evaluation.set);
  return [...others, evaluation].sort((a, b) => a.step - b.step);
}

function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  const changed = new Set(set);
  if (!changed.delete(item)) changed.add(item);
  return changed;
}
