/** What the parts of the extension share: made once at activation, handed to whoever needs it. */
import type * as vscode from 'vscode';
import type { Method, Params, Result } from '../backend/protocol/methods.ts';
import type { Backend } from './backend/backend.ts';
import type { PanelView } from './contract.ts';
import type { WorkbenchSync } from './state/sync.ts';
import type { FailuresTree } from './trees/failuresTree.ts';
import type { CriticKeys } from './backend/criticKeys.ts';
import type { Settings } from './ui/settings.ts';
import type { TextViews } from './ui/textViews.ts';

export interface Services {
  readonly context: vscode.ExtensionContext;
  readonly backend: Backend;
  readonly sync: WorkbenchSync;
  readonly log: vscode.LogOutputChannel;
  /** Has the order and the filter of the list. */
  readonly failuresTree: FailuresTree;
  readonly criticKeys: CriticKeys;
  /** Reports as documents. */
  readonly views: TextViews;
  settings(): Settings;
  /** Starts the backend if need be; rejects with a `BackendError`. */
  request<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  showError(error: unknown): void;
  openPanel(view: PanelView): void;
  /** For the editor's language models, where the person refused it before. */
  askForConsentAgain(): void;
}

/** A command of the palette, a view or a button: one file in `extension/commands`. */
export interface Command {
  /** As in the manifest. */
  readonly id: string;
  /** `argument` is what the editor hands over: a tree item, a run's id, or nothing. */
  run(services: Services, argument: unknown): Promise<void>;
}
