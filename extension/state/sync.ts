/** Keeps the workbench's state up to date with the backend: reads lists again when events say that they changed, at most a few times a second. */
import type { Event } from '../../backend/protocol/events.ts';
import type { Method, Params, Result } from '../../backend/protocol/methods.ts';
import { emptyWorkbench, reduce, type Workbench, type WorkbenchChange } from './workbench.ts';

export type Ask = <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
export type WorkbenchListener = (state: Workbench, before: Workbench) => void;

const quietMs = 250;

export class WorkbenchSync {
  readonly #ask: Ask;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<WorkbenchListener>();
  #state: Workbench = emptyWorkbench;
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #isStale = false;

  constructor(ask: Ask, onError: (error: unknown) => void) {
    this.#ask = ask;
    this.#onError = onError;
  }

  get state(): Workbench {
    return this.#state;
  }

  onChange(listener: WorkbenchListener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  apply(change: WorkbenchChange): void {
    const before = this.#state;
    this.#state = reduce(before, change);
    if (this.#state === before) return;
    if (this.#state.currentRunId !== before.currentRunId) this.refreshSoon();
    const after = this.#state;
    for (const listener of this.#listeners) listener(after, before);
  }

  /** Events that change no list are not worth a reading. */
  events(events: readonly Event[]): void {
    if (events.some(({ body }) => body.type !== 'groupFinished')) this.refreshSoon();
  }

  refreshSoon(): void {
    this.#isStale = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#readStale();
    }, quietMs);
  }

  /** Reads everything now. */
  async refresh(): Promise<void> {
    this.#isStale = false;
    this.apply({ type: 'runs', runs: await this.#ask('run/list', {}) });
    const runId = this.#state.currentRunId;
    if (runId === null) return;
    const [failures, toReview, { rows: doubts }] = await Promise.all([
      this.#ask('failure/list', { runId }),
      this.#ask('critique/toReview', { runId }),
      this.#ask('verifier/disagreements', { runId, onlyOpen: true, limit: 200 }),
    ]);
    this.apply({ type: 'failures', runId, failures, toReview, doubts });
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  /** One reading at a time: a slow backend is not asked the same again and again. */
  async #readStale(): Promise<void> {
    if (this.#isReading || this.#state.connection.state !== 'connected') return;
    this.#isReading = true;
    try {
      while (this.#isStale) await this.refresh();
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isReading = false;
    }
  }
}
