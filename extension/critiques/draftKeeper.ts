/** Keeps what a person types into a critique's box, so that it survives a reload of the window. */
import * as vscode from 'vscode';
import { activeTarget, type CritiqueDesk } from './desk.ts';
import { targetKey, type Target } from './target.ts';

/** Scheme of the documents behind the editor's comment boxes. */
const boxScheme = 'comment';
const quietMilliseconds = 400;

export class DraftKeeper implements vscode.Disposable {
  readonly #desk: CritiqueDesk;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #subscription: vscode.Disposable;

  constructor(desk: CritiqueDesk) {
    this.#desk = desk;
    this.#subscription = vscode.workspace.onDidChangeTextDocument(({ document }) => this.#typed(document));
  }

  dispose(): void {
    this.#subscription.dispose();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** A box does not say whose it is: it lies in the active failure's document. */
  #typed(document: vscode.TextDocument): void {
    if (document.uri.scheme !== boxScheme) return;
    const target = activeTarget();
    if (target === null) return;
    const key = targetKey(target);
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        void this.#keep(target, document);
      }, quietMilliseconds),
    );
  }

  async #keep(target: Target, document: vscode.TextDocument): Promise<void> {
    const text = document.getText();
    // An emptied box is one that was just saved or closed.
    if (document.isClosed || text.trim() === '') return;
    const edit = this.#desk.threads.editOf(target);
    if (edit === null && this.#desk.threads.has(target)) return;
    if (edit?.original === text) await this.#desk.drafts.drop(target.runId, target.rolloutId);
    else await this.#desk.drafts.keep({ ...target, baseId: edit?.baseId ?? null, text, time: Date.now() });
  }
}
