/** Asks the backend for what the dashboard shows, and turns what a person does into messages of `state.ts`. */
import type { HostAction, ToWebview } from '../../extension/contract.ts';
import type { XAxis } from '../charts/curve.ts';
import type { XRange } from '../charts/plotData.ts';
import { errorDataOf } from '../ui/errorData.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { maxNews } from './news.ts';
import { initialState, update, type DashboardState, type Message } from './state.ts';

/** Names of one request; a run has fewer. */
const maxNames = 200;
/** What is counted over the whole run is counted anew at most this often. */
const totalsDelayMs = 2000;
/** How often the page looks whether a run has gone silent. */
const tickMs = 15_000;

export class DashboardController {
  state: DashboardState = initialState;
  private readonly host: PageHost;
  private readonly onChange: (state: DashboardState) => void;
  private requests = new AbortController();
  private totalsTimer: ReturnType<typeof setTimeout> | undefined;
  /** Runs being read, each with whether something happened in it meanwhile that the answer may lack. */
  private readonly reading = new Map<string, boolean>();

  constructor(host: PageHost, onChange: (state: DashboardState) => void) {
    this.host = host;
    this.onChange = onChange;
  }

  /** Follows the clock until the function it returns is called. */
  start(): () => void {
    const timer = setInterval(() => this.dispatch({ type: 'ticked', now: Date.now() }), tickMs);
    return () => clearInterval(timer);
  }

  receive(message: ToWebview): void {
    switch (message.type) {
      case 'show':
        if (message.view.kind !== 'run') return;
        this.dispatch({ type: 'shown', view: message.view, connection: message.connection });
        this.reload();
        return;
      case 'connection': {
        const wasConnected = this.state.connection.state === 'connected';
        this.dispatch({ type: 'connectionChanged', connection: message.connection });
        if (!wasConnected && message.connection.state === 'connected') this.reload();
        return;
      }
      case 'events': {
        for (const { runId } of message.events) if (this.reading.has(runId)) this.reading.set(runId, true);
        this.dispatch({ type: 'happened', events: message.events, now: Date.now() });
        const runId = this.state.view?.runId;
        if (message.events.some((event) => event.runId === runId && event.body.type === 'stepFinished')) this.readTotalsSoon();
        return;
      }
      case 'progress':
        this.dispatch({ type: 'progressed', progress: message.progress, now: Date.now() });
        return;
      case 'runsChanged':
        this.readSummary(message.runId);
        this.readRuns();
        return;
      case 'result':
      case 'failure':
      case 'experimentsChanged':
        return;
    }
  }

  reload(): void {
    this.requests.abort();
    this.requests = new AbortController();
    this.reading.clear();
    const { view } = this.state;
    if (view === null) return;
    for (const runId of [view.runId, ...view.overlays]) this.readRun(runId);
    this.readRuns();
    this.readTotals();
    this.readNews();
  }

  zoom(range: XRange): void {
    this.dispatch({ type: 'zoomed', range });
  }

  smooth(smoothing: number): void {
    this.dispatch({ type: 'smoothingChosen', smoothing });
  }

  chooseAxis(xAxis: XAxis): void {
    this.dispatch({ type: 'axisChosen', xAxis });
  }

  toggleCurves(curveId: string): void {
    this.dispatch({ type: 'curvesToggled', curveId });
  }

  toggleTable(chartId: string): void {
    this.dispatch({ type: 'tableToggled', chartId });
  }

  /** Lays another run over this one, or takes it away. */
  toggleOverlay(runId: string): void {
    const { view } = this.state;
    if (view === null) return;
    const overlays = view.overlays.includes(runId) ? view.overlays.filter((id) => id !== runId) : [...view.overlays, runId];
    this.dispatch({ type: 'overlaysChosen', overlays });
    this.host.viewChanged({ ...view, overlays });
    if (overlays.includes(runId)) this.readRun(runId);
  }

  act(action: HostAction): void {
    this.host.act(action);
  }

  command(command: Extract<HostAction, { do: 'runCommand' }>['command']): void {
    const { view } = this.state;
    if (view !== null) this.act({ do: 'runCommand', command, runId: view.runId });
  }

  /** Only what is new since the last step known. */
  private readRun(runId: string): void {
    this.reading.set(runId, false);
    this.ask(async (signal) => {
      const [summary, names, evaluations] = await Promise.all([
        this.host.request('run/get', { runId }, signal),
        this.host.request('run/metricNames', { runId }, signal),
        this.host.request('run/evaluations', { runId }, signal),
      ]);
      const known = this.state.data[runId]?.curves.steps.at(-1) ?? null;
      // A run that went back to a checkpoint made the steps after it again.
      const afterStep = known !== null && known <= (summary.lastStep ?? -1) ? known : null;
      const params = { runId, names: names.slice(0, maxNames), ...(afterStep === null ? {} : { afterStep }) };
      const series = await this.host.request('run/series', params, signal);
      const isOutdated = this.reading.get(runId) === true;
      this.reading.delete(runId);
      if (isOutdated) this.readRun(runId);
      return { type: 'runRead', summary, series, afterStep, evaluations };
    });
  }

  private readSummary(runId: string): void {
    if (this.state.data[runId] === undefined) return;
    this.ask(async (signal) => ({ type: 'summaryRead', summary: await this.host.request('run/get', { runId }, signal) }));
  }

  private readRuns(): void {
    this.ask(async (signal) => ({ type: 'runsRead', runs: await this.host.request('run/list', {}, signal) }));
  }

  private readNews(): void {
    const { view } = this.state;
    if (view === null) return;
    const { runId } = view;
    this.ask(async (signal) => ({ type: 'newsRead', events: await this.host.request('run/news', { runId, limit: maxNews }, signal) }));
  }

  private readTotals(): void {
    const { view } = this.state;
    if (view === null) return;
    const { runId } = view;
    this.ask(async (signal) => ({ type: 'funnelRead', funnel: await this.host.request('run/funnel', { runId }, signal) }));
    this.ask(async (signal) => {
      const { rows } = await this.host.request('rollout/page', { runId, groupKind: 'rescued', order: 'newest', limit: 1 }, signal);
      return { type: 'rescueRead', row: rows[0] ?? null };
    });
  }

  private readTotalsSoon(): void {
    this.totalsTimer ??= setTimeout(() => {
      this.totalsTimer = undefined;
      this.readTotals();
    }, totalsDelayMs);
  }

  /** An answer that comes after the page went elsewhere is dropped. */
  private ask(request: (signal: AbortSignal) => Promise<Message>): void {
    const { signal } = this.requests;
    request(signal).then(
      (message) => signal.aborted || this.dispatch(message),
      (error: unknown) => signal.aborted || this.dispatch({ type: 'readFailed', error: errorDataOf(error) }),
    );
  }

  private dispatch(message: Message): void {
    this.state = update(this.state, message);
    this.onChange(this.state);
  }
}
