/** Asks the backend for the grid and its report, and turns what a person does into messages of `state.ts`. */
import type { HostAction, ToWebview } from '../../extension/contract.ts';
import type { XRange } from '../charts/plotData.ts';
import { errorDataOf } from '../ui/errorData.ts';
import { valueOf } from '../ui/loadable.ts';
import type { PageHost } from '../ui/pageHost.ts';
import type { FunnelGrouping } from './funnel.ts';
import type { Measure } from './measures.ts';
import { hasResults, initialState, reportKey, update, type ExperimentState, type Message, type Pending } from './state.ts';

/** Several things that happen at once are read once. */
const quietMs = 300;

export class ExperimentController {
  state: ExperimentState = initialState;
  private readonly host: PageHost;
  private readonly onChange: () => void;
  private detailRequest = new AbortController();
  private reportRequest = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** What the newest report was asked for. */
  private askedKey: string | null = null;

  constructor(host: PageHost, onChange: () => void) {
    this.host = host;
    this.onChange = onChange;
  }

  receive(message: ToWebview): void {
    switch (message.type) {
      case 'show': {
        const { view, connection } = message;
        if (view.kind !== 'experiment') return;
        if (view.experimentId !== this.state.view?.experimentId) this.reportRequest.abort();
        this.dispatch({ type: 'shown', view, connection });
        this.reload();
        return;
      }
      case 'connection': {
        const wasConnected = this.state.connection.state === 'connected';
        this.dispatch({ type: 'connectionChanged', connection: message.connection });
        if (!wasConnected && message.connection.state === 'connected') this.reload();
        return;
      }
      case 'events':
        this.dispatch({ type: 'happened', events: message.events });
        if (message.events.some(({ body }) => body.type === 'runStarted' || body.type === 'runStopped')) this.readSoon();
        return;
      case 'experimentsChanged':
        if (message.id === this.state.view?.experimentId) this.readSoon();
        return;
      case 'runsChanged':
        this.readSoon();
        return;
      case 'progress':
      case 'result':
      case 'failure':
        return;
    }
  }

  /** Everything anew. */
  reload(): void {
    this.askedKey = null;
    this.readDetail();
  }

  reloadReport(): void {
    this.askedKey = null;
    this.readReportIfNew();
  }

  /** Begins, or goes on where it was paused. */
  start(): void {
    this.ask('start', (id) => this.host.request('experiment/start', { source: { id } }));
  }

  pause(): void {
    this.ask('pause', (id) => this.host.request('experiment/pause', { id }));
  }

  openRun(runId: string): void {
    this.act({ do: 'openPanel', view: { kind: 'run', runId, overlays: [] } });
  }

  openReport(): void {
    const { view } = this.state;
    if (view !== null) this.act({ do: 'openReport', experimentId: view.experimentId });
  }

  copyMarkdown(): void {
    const report = valueOf(this.state.report);
    if (report !== null) this.act({ do: 'copyText', text: report.markdown });
  }

  sortBy(column: string, better: Measure['better']): void {
    this.dispatch({ type: 'columnClicked', column, better });
  }

  chooseFunnel(by: FunnelGrouping): void {
    this.dispatch({ type: 'funnelChosen', by });
  }

  chooseLines(by: string): void {
    this.dispatch({ type: 'linesChosen', by });
  }

  chooseAxis(axis: string): void {
    this.dispatch({ type: 'axisChosen', axis });
  }

  chooseMeasure(measure: string): void {
    this.dispatch({ type: 'measureChosen', measure });
  }

  chooseSplit(by: string): void {
    this.dispatch({ type: 'splitChosen', by });
  }

  zoom(range: XRange): void {
    this.dispatch({ type: 'zoomed', range });
  }

  toggleCurves(curveId: string): void {
    this.dispatch({ type: 'curvesToggled', curveId });
  }

  toggleTable(chartId: string): void {
    this.dispatch({ type: 'tableToggled', chartId });
  }

  act(action: HostAction): void {
    this.host.act(action);
  }

  private ask(pending: Pending, request: (id: string) => Promise<unknown>): void {
    const { view } = this.state;
    if (view === null || this.state.pending !== null) return;
    this.dispatch({ type: 'asked', pending });
    request(view.experimentId).then(
      () => {
        this.dispatch({ type: 'done' });
        this.readSoon();
      },
      (error: unknown) => this.dispatch({ type: 'refused', of: pending, error: errorDataOf(error) }),
    );
  }

  private readSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.readDetail();
    }, quietMs);
  }

  private readDetail(): void {
    const { view } = this.state;
    if (view === null) return;
    this.detailRequest.abort();
    this.detailRequest = new AbortController();
    const { signal } = this.detailRequest;
    this.dispatch({ type: 'detailAsked' });
    this.host.request('experiment/get', { id: view.experimentId }, signal).then(
      (detail) => {
        if (signal.aborted) return;
        this.dispatch({ type: 'detailRead', detail });
        this.readReportIfNew();
      },
      (error: unknown) => signal.aborted || this.dispatch({ type: 'detailFailed', error: errorDataOf(error) }),
    );
  }

  /** A report is long: it is read again only when there is more in it. */
  private readReportIfNew(): void {
    const { view } = this.state;
    const detail = valueOf(this.state.detail);
    if (view === null || detail === null || !hasResults(detail)) return;
    const key = reportKey(detail);
    if (key === this.askedKey) return;
    this.askedKey = key;
    this.reportRequest.abort();
    this.reportRequest = new AbortController();
    const { signal } = this.reportRequest;
    this.dispatch({ type: 'reportAsked' });
    this.host.request('experiment/report', { id: view.experimentId }, signal).then(
      (report) => signal.aborted || this.dispatch({ type: 'reportRead', report }),
      (error: unknown) => signal.aborted || this.dispatch({ type: 'reportFailed', error: errorDataOf(error) }),
    );
  }

  private dispatch(message: Message): void {
    this.state = update(this.state, message);
    this.onChange();
  }
}
