/** The editor behind a page: requests with their answers, actions, and what the editor keeps of the page across reloads. */
import type { ErrorData, Params, Result } from '../../backend/protocol/methods.ts';
import type { PanelView, ToHost, ToWebview, WebviewMethod } from '../../extension/contract.ts';
import type { PageHost } from './pageHost.ts';

interface EditorApi {
  postMessage(message: ToHost): void;
  getState(): unknown;
  setState(state: KeptState): void;
}

interface KeptState {
  /** A panel that is opened again after a reload of the window shows it. */
  readonly view?: PanelView;
  readonly drafts?: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly resolve: (result: Result<WebviewMethod>) => void;
  readonly reject: (error: Error) => void;
}

/** What is given to a page by the editor, once. */
declare function acquireVsCodeApi(): EditorApi;

/** A failed request, with what the backend said of it. */
class RequestError extends Error {
  readonly code: string;
  readonly remedy: string | null;

  constructor({ code, message, remedy }: ErrorData) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.remedy = remedy;
  }
}

/** Call `ready` when the page can show something: its `show` message comes after it. */
export function connectEditor(onMessage: (message: ToWebview) => void): PageHost & { ready(): void } {
  const api = acquireVsCodeApi();
  const waiting = new Map<number, Waiting>();
  let kept = (api.getState() ?? {}) as KeptState;
  let lastId = 0;

  const keep = (change: KeptState): void => {
    kept = { ...kept, ...change };
    api.setState(kept);
  };

  window.addEventListener('message', ({ data }: MessageEvent<ToWebview>) => {
    switch (data.type) {
      case 'result':
        waiting.get(data.id)?.resolve(data.result);
        waiting.delete(data.id);
        return;
      case 'failure':
        waiting.get(data.id)?.reject(new RequestError(data.error));
        waiting.delete(data.id);
        return;
      case 'show':
        keep({ view: data.view });
        onMessage(data);
        return;
      default:
        onMessage(data);
    }
  });

  return {
    ready: () => api.postMessage({ type: 'ready' }),
    request<M extends WebviewMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
      const id = ++lastId;
      return new Promise<Result<M>>((resolve, reject) => {
        const cancelled = new RequestError({ code: 'request.cancelled', message: 'The request was cancelled.', remedy: null });
        if (signal?.aborted === true) return reject(cancelled);
        waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
        signal?.addEventListener('abort', () => {
          if (waiting.delete(id)) api.postMessage({ type: 'cancel', id });
          reject(cancelled);
        });
        api.postMessage({ type: 'request', id, method, params });
      });
    },
    act: (action) => api.postMessage({ type: 'action', action }),
    viewChanged(view) {
      keep({ view });
      api.postMessage({ type: 'viewChanged', view });
    },
    readDraft: (key) => kept.drafts?.[key] ?? '',
    keepDraft(key, text) {
      const { [key]: _, ...others } = kept.drafts ?? {};
      keep({ drafts: text === '' ? others : { ...others, [key]: text } });
    },
  };
}
