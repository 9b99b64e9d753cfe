/** The backend as the extension sees it: there when needed, found again after a reload, started again after its death. */
import type { Event } from '../../backend/protocol/events.ts';
import type { BackendFile, Method, Notifications, Params, Result } from '../../backend/protocol/methods.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import type { ConnectionView } from '../contract.ts';
import { BackendClient } from './client.ts';
import { BackendError, errorText } from './errors.ts';

export interface BackendParts {
  find(): Promise<BackendFile | null>;
  launch(): Promise<BackendFile>;
  log(text: string): void;
}

/** Hears what the backend tells; every event once, in order, across reconnections. */
export interface BackendListener {
  connected(hello: Result<'initialize'>): void;
  connectionChanged(connection: ConnectionView): void;
  events(events: readonly Event[]): void;
  progress(progress: Progress): void;
  runsChanged(runId: string): void;
  experimentsChanged(id: string): void;
  /** A critic asks the editor's own language models. */
  languageModelAsked(request: Notifications['languageModel/ask']): void;
  languageModelCanceled(request: Notifications['languageModel/cancel']): void;
}

/** A backend that dies this often without having lived for `steadyMs` is not started again by itself. */
const maxRestarts = 3;
const steadyMs = 30_000;

export class Backend {
  readonly #parts: BackendParts;
  readonly #listener: BackendListener;
  #client: BackendClient | null = null;
  #connecting: Promise<BackendClient> | null = null;
  /** An orderly end that is under way. */
  #ending: Promise<void> | null = null;
  #lastSeq: number | null = null;
  #restarts = 0;
  #isDisposed = false;
  #connection: ConnectionView = { state: 'lost', detail: 'The backend has not been started yet.' };

  constructor(parts: BackendParts, listener: BackendListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get connection(): ConnectionView {
    return this.#connection;
  }

  /** Starts the backend if need be. */
  async request<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
    const client = await this.connect();
    return client.request(method, params, signal);
  }

  /** The living connection; made anew, with a backend behind it, when there is none. */
  connect(): Promise<BackendClient> {
    if (this.#client !== null) return Promise.resolve(this.#client);
    return this.#connectBy({ mayLaunch: true });
  }

  /** Connects to a backend that lives already; starts none. */
  async attach(): Promise<boolean> {
    if (this.#client !== null) return true;
    if ((await this.#parts.find()) === null) return false;
    await this.#connectBy({ mayLaunch: false });
    return true;
  }

  /** Ends the backend, after a checkpoint of the run in progress, and starts another. */
  async restart(): Promise<void> {
    await this.shutDown();
    await this.connect();
  }

  /** Who asks for something meanwhile gets the backend that is started afterwards. */
  async shutDown(): Promise<void> {
    const client = this.#client;
    if (client !== null) {
      this.#client = null;
      this.#ending = this.#end(client).finally(() => (this.#ending = null));
    }
    await this.#ending;
  }

  /** Leaves the backend alone: it goes on with what it does. */
  dispose(): void {
    this.#isDisposed = true;
    this.#client?.close();
    this.#client = null;
  }

  async #end(client: BackendClient): Promise<void> {
    await client.request('shutdown', {}).catch(() => undefined);
    await client.closed;
    this.#show({ state: 'lost', detail: 'The backend was shut down.' });
  }

  /** One attempt at a time, for all who ask. */
  #connectBy({ mayLaunch }: { readonly mayLaunch: boolean }): Promise<BackendClient> {
    if (this.#connecting !== null) return this.#connecting;
    const attempt = (this.#ending ?? Promise.resolve()).then(() => this.#open(mayLaunch)).finally(() => (this.#connecting = null));
    this.#connecting = attempt;
    return attempt;
  }

  async #open(mayLaunch: boolean): Promise<BackendClient> {
    this.#show({ state: 'connecting', detail: 'Starting the backend…' });
    try {
      const { client, hello } = await this.#reach(mayLaunch);
      client.onNotification('events', ({ events }) => this.#take(events));
      client.onNotification('progress', (progress) => this.#listener.progress(progress));
      client.onNotification('runsChanged', ({ runId }) => this.#listener.runsChanged(runId));
      client.onNotification('experimentsChanged', ({ id }) => this.#listener.experimentsChanged(id));
      client.onNotification('languageModel/ask', (request) => this.#listener.languageModelAsked(request));
      client.onNotification('languageModel/cancel', (request) => this.#listener.languageModelCanceled(request));
      void client.closed.then(() => this.#lost(client, hello.pid, Date.now()));
      this.#client = client;
      this.#show({ state: 'connected', detail: '' });
      this.#parts.log(`Connected to the backend of ${hello.workspace} (pid ${hello.pid}, version ${hello.backendVersion}).`);
      this.#listener.connected(hello);
      // Smaller than what was heard already when the store is another one: the folder was emptied.
      this.#lastSeq = Math.min(this.#lastSeq ?? hello.lastSeq, hello.lastSeq);
      await client.request('events/subscribe', { afterSeq: this.#lastSeq });
      return client;
    } catch (error) {
      this.#show({ state: 'lost', detail: errorText(error) });
      throw error;
    }
  }

  async #reach(mayLaunch: boolean): Promise<{ client: BackendClient; hello: Result<'initialize'> }> {
    const found = await this.#parts.find();
    if (found !== null) {
      try {
        return await BackendClient.connect(found);
      } catch (error) {
        // A file that a dead backend left behind, its number taken by another process. Else the backend itself objects.
        if (!(error instanceof BackendError) || error.code !== 'backend.refused') throw error;
        this.#parts.log(errorText(error));
      }
    }
    if (!mayLaunch) throw new BackendError({ code: 'backend.missing', message: 'No backend runs.', remedy: null });
    return BackendClient.connect(await this.#parts.launch());
  }

  #take(events: readonly Event[]): void {
    const fresh = events.filter(({ seq }) => seq > (this.#lastSeq ?? 0));
    this.#lastSeq = Math.max(this.#lastSeq ?? 0, fresh.at(-1)?.seq ?? 0);
    if (fresh.length > 0) this.#listener.events(fresh);
  }

  #lost(client: BackendClient, pid: number, since: number): void {
    if (this.#client !== client || this.#isDisposed) return;
    this.#client = null;
    this.#restarts = Date.now() - since > steadyMs ? 1 : this.#restarts + 1;
    if (this.#restarts > maxRestarts) {
      this.#show({
        state: 'lost',
        detail: `The backend ended ${maxRestarts} times in a row. Run "Critique-GRPO: Show Log", then "Restart Backend".`,
      });
      return;
    }
    this.#parts.log(`The backend (pid ${pid}) went away; starting it again.`);
    this.#show({ state: 'connecting', detail: `The backend (pid ${pid}) ended unexpectedly. Starting it again; everything it announced is kept.` });
    this.#startAgain().catch((error: unknown) => this.#parts.log(errorText(error)));
  }

  async #startAgain(): Promise<void> {
    // Its death may have spoiled the very attempt that led to it.
    await this.#connecting?.catch(() => undefined);
    await this.connect();
  }

  #show(connection: ConnectionView): void {
    this.#connection = connection;
    this.#listener.connectionChanged(connection);
  }
}
