/** A webview panel: a page, its conversation with the host, and the editor's tab around it. */
import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { PanelView } from '../contract.ts';
import { panelPage } from './page.ts';
import { PanelSession, type SessionHost } from './session.ts';

/** What a kind of panel looks like to the editor. */
export interface PanelType {
  readonly viewType: string;
  /** Name of the tab's picture in `media/panels`. */
  readonly icon: string;
  /** `name` is that of the run, or of the experiment. */
  title(view: PanelView, name: string): string;
}

export interface PanelParts {
  readonly type: PanelType;
  readonly extensionUri: vscode.Uri;
  readonly view: PanelView;
  readonly name: string;
  readonly host: Omit<SessionHost, 'post'>;
}

/** Where the pages lie, and nothing else that a page may load. */
export function pagesFolder(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

export class Panel implements vscode.Disposable {
  readonly #tab: vscode.WebviewPanel;
  readonly #parts: PanelParts;
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly session: PanelSession;

  constructor(tab: vscode.WebviewPanel, parts: PanelParts, onClosed: (panel: Panel) => void) {
    this.#tab = tab;
    this.#parts = parts;
    this.session = new PanelSession(parts.view, { ...parts.host, post: (message) => void tab.webview.postMessage(message) });
    this.#subscriptions = [
      tab.webview.onDidReceiveMessage((raw: unknown) => this.session.receive(raw)),
      tab.onDidChangeViewState(() => {
        if (!tab.visible) this.session.hide();
      }),
      tab.onDidDispose(() => {
        this.dispose();
        onClosed(this);
      }),
    ];
    this.#load();
  }

  reveal(): void {
    this.#tab.reveal();
  }

  rename(name: string): void {
    const title = this.#parts.type.title(this.session.view, name);
    if (this.#tab.title !== title) this.#tab.title = title;
  }

  close(): void {
    this.#tab.dispose();
  }

  dispose(): void {
    this.session.hide();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #load(): void {
    const { type, extensionUri, view, name } = this.#parts;
    const { webview } = this.#tab;
    const folder = pagesFolder(extensionUri);
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    this.#tab.title = type.title(view, name);
    const pictures = vscode.Uri.joinPath(extensionUri, 'media', 'panels');
    this.#tab.iconPath = {
      light: vscode.Uri.joinPath(pictures, `${type.icon}.light.svg`),
      dark: vscode.Uri.joinPath(pictures, `${type.icon}.dark.svg`),
    };
    webview.html = panelPage({
      kind: view.kind,
      nonce: randomBytes(16).toString('base64url'),
      cspSource: webview.cspSource,
      address: (file) => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString(),
    });
  }
}
