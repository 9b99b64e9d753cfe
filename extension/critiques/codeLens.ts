/** Shows the actions above the answer of each open failure. */
import * as vscode from 'vscode';
import type { FailureCache } from './failureCache.ts';
import { failureText } from './failureText.ts';
import { lensesOf } from './lenses.ts';
import { failureOf } from './threads.ts';

export class CritiqueLenses implements vscode.CodeLensProvider {
  readonly #failures: FailureCache;
  readonly #changes = new vscode.EventEmitter<void>();

  readonly onDidChangeCodeLenses = this.#changes.event;

  constructor(failures: FailureCache) {
    this.#failures = failures;
  }

  changed(): void {
    this.#changes.fire();
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const target = failureOf(document);
    if (target === null) return [];
    try {
      const failure = await this.#failures.get(target);
      const { headingLine } = failureText(failure);
      const range = new vscode.Range(headingLine, 0, headingLine, 0);
      return lensesOf(failure).map(({ title, command }) => new vscode.CodeLens(range, { title, command, arguments: [target] }));
    } catch {
      // The document itself says why there is nothing.
      return [];
    }
  }

  dispose(): void {
    this.#changes.dispose();
  }
}
