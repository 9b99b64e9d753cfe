/** What the commands about critiques work with: one place that knows the failures, the drafts, the documents and the threads. */
import * as vscode from 'vscode';
import type { Method, Params, Result } from '../../backend/protocol/methods.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import type { PanelView } from '../contract.ts';
import type { CritiqueLenses } from './codeLens.ts';
import type { CritiqueDocuments } from './documents.ts';
import type { Drafts } from './drafts.ts';
import type { FailureCache } from './failureCache.ts';
import { targetOf, targetOfUri, type Target } from './target.ts';
import type { CritiqueThreads } from './threads.ts';

export interface CritiqueSettings {
  /** Refinements a trial. */
  readonly trialSamples: number;
  readonly trainOnSave: boolean;
  readonly openDiffAfterRefine: boolean;
  /** Never empty. */
  readonly author: string;
}

/** What the desk needs of the rest of the extension. */
export interface CritiqueHost {
  request<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>>;
  settings(): CritiqueSettings;
  /** Shows what went wrong and what to do about it. */
  showError(error: unknown): void;
  /** The same in words. */
  messageOf(error: unknown): string;
  /** Into the log. */
  warn(message: string): void;
  /** The run that the sidebar shows; null for none. */
  currentRun(): string | null;
  openPanel(view: PanelView): void;
}

export interface DeskParts extends Pick<CritiqueDesk, 'host' | 'failures' | 'drafts' | 'documents' | 'threads'> {
  readonly lenses: CritiqueLenses;
}

export class CritiqueDesk {
  readonly host: CritiqueHost;
  readonly failures: FailureCache;
  readonly drafts: Drafts;
  readonly documents: CritiqueDocuments;
  readonly threads: CritiqueThreads;
  readonly #lenses: CritiqueLenses;
  readonly #progressListeners = new Set<(progress: Progress) => void>();

  constructor(parts: DeskParts) {
    this.host = parts.host;
    this.failures = parts.failures;
    this.drafts = parts.drafts;
    this.documents = parts.documents;
    this.threads = parts.threads;
    this.#lenses = parts.lenses;
  }

  onProgress(listener: (progress: Progress) => void): vscode.Disposable {
    this.#progressListeners.add(listener);
    return new vscode.Disposable(() => this.#progressListeners.delete(listener));
  }

  progress(progress: Progress): void {
    for (const listener of this.#progressListeners) listener(progress);
  }

  /** What the command was given, else the failure in the active editor; null for neither. */
  targetOf(argument: unknown): Target | null {
    return targetOf(argument) ?? activeTarget();
  }

  /** Something about the failure is new: read it again wherever it is shown. */
  async changed(target: Target): Promise<void> {
    this.failures.forget(target);
    this.documents.changed(target);
    this.#lenses.changed();
    await this.threads.refresh(target);
  }

  /** Anything may be new. */
  async allChanged(): Promise<void> {
    this.failures.forgetAll();
    this.documents.allChanged();
    this.#lenses.changed();
    await this.threads.refreshAll();
  }
}

/** Of the active tab: while a comment box has the focus, the active editor is the box. */
export function activeTarget(): Target | null {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof vscode.TabInputText) return targetOfUri(input.uri);
  if (input instanceof vscode.TabInputTextDiff) return targetOfUri(input.modified) ?? targetOfUri(input.original);
  return null;
}
