/** Every open panel: opened once a thing, fed while on screen, revived after a reload of the window. */
import * as vscode from 'vscode';
import type { Event } from '../../backend/protocol/events.ts';
import type { Progress } from '../../backend/protocol/views.ts';
import type { PanelKind, PanelView } from '../contract.ts';
import { experimentPanel } from './experimentPanel.ts';
import { labPanel } from './labPanel.ts';
import { checkPanelView, viewOfState } from './messages.ts';
import { Panel, pagesFolder, type PanelType } from './panel.ts';
import { panelKey } from './panelKey.ts';
import { rolloutsPanel } from './rolloutsPanel.ts';
import { runPanel } from './runPanel.ts';
import type { SessionHost } from './session.ts';

const types: Readonly<Record<PanelKind, PanelType>> = { run: runPanel, rollouts: rolloutsPanel, lab: labPanel, experiment: experimentPanel };

export interface PanelsHost extends Omit<SessionHost, 'post' | 'viewChanged'> {
  readonly extensionUri: vscode.Uri;
  readonly memory: vscode.Memento;
  runName(runId: string): string;
}

export class Panels implements vscode.Disposable {
  readonly #host: PanelsHost;
  readonly #open = new Set<Panel>();
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor(host: PanelsHost) {
    this.#host = host;
    this.#subscriptions = Object.entries(types).map(([kind, type]) =>
      vscode.window.registerWebviewPanelSerializer(type.viewType, {
        deserializeWebviewPanel: (tab, state) => {
          this.#revive(tab, kind as PanelKind, state);
          return Promise.resolve();
        },
      }),
    );
  }

  /** Brings the panel to the front that shows this, led to the view; opens it if there is none. */
  show(view: PanelView): void {
    const existing = this.#find(view);
    if (existing !== undefined) {
      existing.reveal();
      existing.session.show(view);
      return;
    }
    const type = types[view.kind];
    const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const tab = vscode.window.createWebviewPanel(type.viewType, '', view.kind === 'lab' ? column : vscode.ViewColumn.Active, {
      enableScripts: true,
      enableFindWidget: true,
      localResourceRoots: [pagesFolder(this.#host.extensionUri)],
    });
    this.#adopt(tab, view);
  }

  events(events: readonly Event[]): void {
    for (const { session } of this.#open) session.events(events);
  }

  progress(progress: Progress): void {
    for (const { session } of this.#open) session.progress(progress);
  }

  runsChanged(runId: string): void {
    for (const { session } of this.#open) session.runsChanged(runId);
  }

  experimentsChanged(id: string): void {
    for (const { session } of this.#open) session.experimentsChanged(id);
  }

  /** Names of runs may be known only now. */
  namesChanged(): void {
    for (const panel of this.#open) panel.rename(this.#nameOf(panel.session.view));
  }

  connectionChanged(): void {
    for (const { session } of this.#open) session.connectionChanged();
  }

  dispose(): void {
    for (const panel of [...this.#open]) panel.dispose();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** An experiment goes by its name. */
  #nameOf(view: PanelView): string {
    return view.kind === 'experiment' ? view.experimentId : this.#host.runName(view.runId);
  }

  #find(view: PanelView): Panel | undefined {
    const key = panelKey(view);
    return [...this.#open].find(({ session }) => panelKey(session.view) === key);
  }

  /** `state` is what the page kept by itself; without it, the view of its kind that was shown last and is not shown now. */
  #revive(tab: vscode.WebviewPanel, kind: PanelKind, state: unknown): void {
    const kept = viewOfState(state);
    const view = kept?.kind === kind ? kept : this.#remembered(kind).find((candidate) => this.#find(candidate) === undefined);
    if (view === undefined || this.#find(view) !== undefined) tab.dispose();
    else this.#adopt(tab, view);
  }

  #adopt(tab: vscode.WebviewPanel, view: PanelView): void {
    const { extensionUri } = this.#host;
    const host = { ...this.#host, viewChanged: (changed: PanelView) => this.#remember(changed) };
    const parts = { type: types[view.kind], extensionUri, view, name: this.#nameOf(view), host };
    this.#open.add(new Panel(tab, parts, (closed) => this.#open.delete(closed)));
    this.#remember(view);
  }

  #remember(view: PanelView): void {
    const others = this.#remembered(view.kind).filter((other) => panelKey(other) !== panelKey(view));
    void this.#host.memory.update(memoryKey(view.kind), [view, ...others].slice(0, maxRemembered));
  }

  /** Last shown first. */
  #remembered(kind: PanelKind): readonly PanelView[] {
    const kept: unknown = this.#host.memory.get(memoryKey(kind));
    return Array.isArray(kept) ? kept.map(checkPanelView).filter((view) => view !== null) : [];
  }
}

/** Views of a kind. */
const maxRemembered = 10;

function memoryKey(kind: PanelKind): string {
  return `critiqueGrpo.panels.${kind}`;
}
