/** Reports as read-only documents: native to search, copy and split, and never rendered as markup. */
import * as vscode from 'vscode';

const scheme = 'cgrpo-report';
/** Documents that are closed are forgotten by the editor; their texts are kept for the last ones. */
const kept = 30;

export class TextViews implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changes = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  readonly onDidChange = this.#changes.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? 'This report is gone. Run its command again.\n';
  }

  /** `title` is the name of the tab; a report of the same title takes its place. */
  async show(title: string, text: string, language = 'markdown'): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${title.replaceAll('/', '∕')}` });
    this.#texts.delete(uri.path);
    this.#texts.set(uri.path, text);
    for (const path of [...this.#texts.keys()].slice(0, -kept)) this.#texts.delete(path);
    this.#changes.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(await vscode.languages.setTextDocumentLanguage(document, language), { preview: false });
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changes.dispose();
  }
}
