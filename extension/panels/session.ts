/** One page's conversation with the host: answers its requests, does its actions, and tells it what happens while it is on screen. */
import type { Event } from '../../backend/protocol/events.ts';
import type { ErrorData, Params, Result } from '../../backend/protocol/methods.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import type { ConnectionView, HostAction, PanelView, ToHost, ToWebview, WebviewMethod } from '../contract.ts';
import { checkMessage } from './messages.ts';

/** What a session needs of its surroundings. */
export interface SessionHost {
  post(message: ToWebview): void;
  request(method: WebviewMethod, params: Params<WebviewMethod>, signal: AbortSignal): Promise<Result<WebviewMethod>>;
  errorData(error: unknown): ErrorData;
  act(action: HostAction): void;
  connection(): ConnectionView;
  viewChanged(view: PanelView): void;
  warn(message: string): void;
}

export class PanelSession {
  readonly #host: SessionHost;
  readonly #requests = new Map<number, AbortController>();
  #view: PanelView;
  /** The page has a document that listens. The editor drops it when the panel is hidden; the next one says `ready` again. */
  #isListening = false;

  constructor(view: PanelView, host: SessionHost) {
    this.#view = view;
    this.#host = host;
  }

  get view(): PanelView {
    return this.#view;
  }

  /** Leads the page elsewhere. */
  show(view: PanelView): void {
    this.#view = view;
    this.#host.viewChanged(view);
    this.#post({ type: 'show', view, connection: this.#host.connection() });
  }

  /** Call when the panel is hidden or closed: nobody waits for answers any more. */
  hide(): void {
    this.#isListening = false;
    for (const request of this.#requests.values()) request.abort();
    this.#requests.clear();
  }

  receive(raw: unknown): void {
    const checked = checkMessage(raw);
    if (checked.ok) {
      this.#handle(checked.message);
      return;
    }
    this.#host.warn(`Refused a message of the ${this.#view.kind} page: ${checked.reason}`);
    if (checked.requestId === null) return;
    const error = {
      code: 'request.refused',
      message: 'The page asked for something that it may not ask for.',
      remedy: 'See the log of Critique-GRPO.',
    };
    this.#post({ type: 'failure', id: checked.requestId, error });
  }

  events(events: readonly Event[]): void {
    const ours = events.filter(({ runId }) => this.#concerns(runId));
    if (ours.length > 0) this.#post({ type: 'events', events: ours });
  }

  progress(progress: Progress): void {
    if (this.#concerns(progress.runId)) this.#post({ type: 'progress', progress });
  }

  runsChanged(runId: string): void {
    this.#post({ type: 'runsChanged', runId });
  }

  experimentsChanged(id: string): void {
    if (this.#view.kind === 'experiment' && this.#view.experimentId === id) this.#post({ type: 'experimentsChanged', id });
  }

  connectionChanged(): void {
    this.#post({ type: 'connection', connection: this.#host.connection() });
  }

  /** Which runs are an experiment's is known to its page. */
  #concerns(runId: string): boolean {
    if (this.#view.kind === 'experiment') return true;
    return runId === this.#view.runId || (this.#view.kind === 'run' && this.#view.overlays.includes(runId));
  }

  #handle(message: ToHost): void {
    switch (message.type) {
      case 'ready':
        this.hide();
        this.#isListening = true;
        this.#post({ type: 'show', view: this.#view, connection: this.#host.connection() });
        return;
      case 'request':
        void this.#answer(message.id, message.method, message.params);
        return;
      case 'cancel':
        this.#requests.get(message.id)?.abort();
        return;
      case 'action':
        this.#host.act(message.action);
        return;
      case 'viewChanged':
        if (message.view.kind !== this.#view.kind) return;
        this.#view = message.view;
        this.#host.viewChanged(message.view);
        return;
    }
    message satisfies never;
  }

  async #answer(id: number, method: WebviewMethod, params: Params<WebviewMethod>): Promise<void> {
    this.#requests.get(id)?.abort();
    const request = new AbortController();
    this.#requests.set(id, request);
    let answer: ToWebview;
    try {
      answer = { type: 'result', id, result: await this.#host.request(method, params, request.signal) };
    } catch (error) {
      answer = { type: 'failure', id, error: this.#host.errorData(error) };
    }
    // Of another document, or asked again meanwhile: nobody waits.
    if (this.#requests.get(id) !== request) return;
    this.#requests.delete(id);
    this.#post(answer);
  }

  #post(message: ToWebview): void {
    if (this.#isListening) this.#host.post(message);
  }
}
