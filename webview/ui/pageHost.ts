/** What the explorer and the lab need of the host, whoever it is: the editor, or the gallery's fixtures. */
import type { HostAction, PanelView, WebviewMethod } from '../../extension/contract.ts';
import type { Params, Result } from '../../backend/protocol/methods.ts';

export interface PageHost {
  /** Rejects with `ErrorData`-like errors; when `signal` aborts, the request is cancelled at the backend too. */
  request<M extends WebviewMethod>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  act(action: HostAction): void;
  viewChanged(view: PanelView): void;
  /** Text that a person began to write; it survives a reload of the page. Empty when there is none. */
  readDraft(key: string): string;
  keepDraft(key: string, text: string): void;
}
