/** Asks the backend for what the explorer shows, and turns what a person does into messages of `state.ts`. */
import type { HostAction, RolloutPlace, ToWebview } from '../../extension/contract.ts';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import { valueOf } from '../ui/loadable.ts';
import { NewestRequest } from '../ui/newestRequest.ts';
import type { PageHost } from '../ui/pageHost.ts';
import { detailOf, detailOfRow, idOf, type Detail } from './detail.ts';
import { readDetail } from './detailData.ts';
import { newsOf } from './explorerNews.ts';
import { isSameFilter } from './filter.ts';
import { filteredColumn, filteredStepsOf } from './filteredGroups.ts';
import { largestPage, needsPage, pageSize } from './rowList.ts';
import type { RowWindow } from './rowWindow.ts';
import { initialState, update, viewOf, type ExplorerState, type Message } from './state.ts';
import { whyEmpty, type TokenMode } from './tokenMeasures.ts';

const detailDelayMs = 120;
const textDelayMs = 250;

export class ExplorerController {
  state: ExplorerState = initialState;
  private readonly host: PageHost;
  private readonly onChange: (state: ExplorerState) => void;
  private readonly listRequest = new NewestRequest();
  private readonly countRequest = new NewestRequest();
  private readonly detailRequest = new NewestRequest();
  private readonly levelsRequest = new NewestRequest();
  private readonly filteredRequest = new NewestRequest();
  private detailTimer: ReturnType<typeof setTimeout> | undefined;
  private textTimer: ReturnType<typeof setTimeout> | undefined;
  private soonChanges: ((filter: RolloutFilter) => RolloutFilter)[] = [];

  constructor(host: PageHost, onChange: (state: ExplorerState) => void) {
    this.host = host;
    this.onChange = onChange;
  }

  receive(message: ToWebview): void {
    switch (message.type) {
      case 'show':
        if (message.view.kind === 'rollouts') this.show(message.view, message.connection);
        return;
      case 'connection': {
        const wasConnected = this.state.connection.state === 'connected';
        this.dispatch({ type: 'connectionChanged', connection: message.connection });
        if (!wasConnected && message.connection.state === 'connected') this.reload();
        return;
      }
      case 'events': {
        const { finishedGroups, filteredSteps, isAboutCritiques } = newsOf(message.events, this.state.runId);
        if (filteredSteps.length > 0) this.dispatch({ type: 'filteredStepsKnown', steps: filteredSteps });
        if (finishedGroups > 0) this.groupsFinished(finishedGroups);
        if (isAboutCritiques) this.loadDetail();
        return;
      }
      default:
        return;
    }
  }

  /** Everything that is shown is read again, from the newest row. */
  reload(): void {
    this.loadFacts();
    this.loadFirstPage();
    this.loadCount();
    this.loadDetail();
  }

  setFilter(filter: RolloutFilter): void {
    clearTimeout(this.textTimer);
    this.soonChanges = [];
    if (isSameFilter(filter, this.state.filter)) return;
    this.dispatch({ type: 'filterChanged', filter });
    this.keepView();
    this.loadFirstPage();
    this.loadCount();
  }

  /** For typing: changes are gathered until a moment passes without one. */
  changeFilterSoon(change: (filter: RolloutFilter) => RolloutFilter): void {
    clearTimeout(this.textTimer);
    this.soonChanges.push(change);
    this.textTimer = setTimeout(() => this.setFilter(this.soonChanges.reduce((filter, next) => next(filter), this.state.filter)), textDelayMs);
  }

  moveWindow(window: RowWindow): void {
    this.dispatch({ type: 'windowMoved', window });
    if (needsPage(this.state.list, window.end)) this.loadNextPage();
  }

  /** Selects a row; its page opens at once, or a moment later while keys run through the rows. */
  select(at: number, isPassing: boolean): void {
    this.dispatch({ type: 'selected', at });
    clearTimeout(this.detailTimer);
    const row = this.state.list.rows[at];
    if (row === undefined) return;
    const open = (): void => this.openDetail(detailOfRow(row, this.state.detail));
    if (isPassing) this.detailTimer = setTimeout(open, detailDelayMs);
    else open();
    if (needsPage(this.state.list, at)) this.loadNextPage();
  }

  /** Goes to the last row there is, reading every page on the way. */
  selectLast(): void {
    this.select(this.state.list.rows.length - 1, true);
    if (this.state.list.next === null) return;
    this.dispatch({ type: 'readingOn', isReadingOn: true });
    if (!this.state.list.isLoading) this.loadNextPage();
  }

  stopReadingOn(): void {
    this.dispatch({ type: 'readingOn', isReadingOn: false });
  }

  open(place: RolloutPlace): void {
    this.openDetail(detailOf(place, this.state.detail));
  }

  close(): void {
    this.openDetail({ page: 'none' });
  }

  switch(name: string): void {
    this.dispatch({ type: 'switched', name });
  }

  chooseTokenMode(mode: TokenMode): void {
    this.dispatch({ type: 'tokenModeChosen', mode });
    const { detail } = this.state;
    const tokens = detail.page === 'tokens' ? valueOf(detail.data) : null;
    if (mode === 'entropy' && tokens !== null && whyEmpty(tokens, 'entropy') !== null) this.loadDetail();
  }

  reachToken(at: number): void {
    this.dispatch({ type: 'tokenReached', at });
  }

  reachLargestToken(): void {
    this.dispatch({ type: 'largestTokenAsked' });
  }

  act(action: HostAction): void {
    this.host.act(action);
  }

  loadNextPage(): void {
    this.loadPage(this.state.list.next ?? undefined);
  }

  loadFirstPage(): void {
    this.loadPage(undefined);
  }

  loadDetail(): void {
    this.detailRequest.drop();
    const { detail, runId } = this.state;
    const id = idOf(detail);
    if (id === null || runId === null) return;
    this.dispatch({ type: 'detailAsked' });
    this.detailRequest.ask(
      (signal) => readDetail(this.host, runId, detail, signal),
      (data) => data !== null && this.dispatch({ type: 'detailArrived', data }),
      (error) => this.dispatch({ type: 'detailFailed', page: detail.page, id, error }),
    );
  }

  private show(view: NonNullable<ReturnType<typeof viewOf>>, connection: ExplorerState['connection']): void {
    const before = this.state;
    this.dispatch({ type: 'shown', view, connection });
    if (connection.state === 'connecting') return;
    const isNewList = before.runId !== view.runId || !isSameFilter(before.filter, view.filter) || before.list.next === undefined;
    if (isNewList) {
      this.loadFirstPage();
      this.loadCount();
    }
    if (before.runId !== view.runId) this.loadFacts();
    if (this.state.detail !== before.detail) this.loadDetail();
  }

  private groupsFinished(groups: number): void {
    if (this.state.list.rows.length === 0 && !this.state.list.isLoading) this.reload();
    else this.dispatch({ type: 'groupsFinished', groups });
    if (this.state.detail.page === 'attempt') this.loadDetail();
  }

  private openDetail(detail: Detail): void {
    clearTimeout(this.detailTimer);
    this.dispatch({ type: 'detailOpened', detail });
    this.keepView();
    if (detail.page !== 'none' && detail.data.state !== 'ready') this.loadDetail();
  }

  private loadPage(after: number | undefined): void {
    const { runId, filter } = this.state;
    if (runId === null) return;
    const isFromStart = after === undefined;
    this.dispatch({ type: 'listAsked', isFromStart });
    this.listRequest.ask(
      (signal) =>
        this.host.request(
          'rollout/page',
          { ...filter, runId, limit: this.state.isReadingOn ? largestPage : pageSize, ...(isFromStart ? {} : { after }) },
          signal,
        ),
      (page) => {
        const wasReadingOn = this.state.isReadingOn;
        this.dispatch({ type: 'pageArrived', page, isFromStart });
        if (wasReadingOn) this.select(this.state.list.rows.length - 1, true);
        if (this.state.isReadingOn || needsPage(this.state.list, this.state.window.end)) this.loadNextPage();
      },
      (error) => this.dispatch({ type: 'pageFailed', error }),
    );
  }

  private loadCount(): void {
    const { runId, filter } = this.state;
    if (runId === null) return;
    this.dispatch({ type: 'countAsked' });
    this.countRequest.ask(
      (signal) => this.host.request('rollout/count', { runId, filter }, signal),
      (count) => this.dispatch({ type: 'counted', count }),
      (error) => this.dispatch({ type: 'countFailed', error }),
    );
  }

  /** What the list is read with. Without these answers it lacks names of levels, and groups that were left out look like those that taught nothing. */
  private loadFacts(): void {
    const { runId } = this.state;
    if (runId === null) return;
    this.levelsRequest.ask(
      (signal) => this.host.request('run/evaluations', { runId }, signal),
      (evaluations) => this.dispatch({ type: 'levelsKnown', levels: evaluations.flatMap(({ byLevel }) => Object.keys(byLevel)) }),
    );
    this.filteredRequest.ask(
      (signal) => this.host.request('run/series', { runId, names: [filteredColumn] }, signal),
      (series) => this.dispatch({ type: 'filteredStepsKnown', steps: filteredStepsOf(series) }),
    );
  }

  private keepView(): void {
    const view = viewOf(this.state);
    if (view !== null) this.host.viewChanged(view);
  }

  private dispatch(message: Message): void {
    this.state = update(this.state, message);
    this.onChange(this.state);
  }
}
