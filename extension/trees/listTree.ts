/** A view that is one list, made from the workbench's state whenever that changed. */
import * as vscode from 'vscode';
import type { WorkbenchSync } from '../state/sync.ts';
import type { Workbench } from '../state/workbench.ts';

export abstract class ListTree<Item extends vscode.TreeItem> implements vscode.TreeDataProvider<Item> {
  readonly #sync: WorkbenchSync;
  readonly #changes = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changes.event;

  constructor(sync: WorkbenchSync) {
    this.#sync = sync;
  }

  refresh(): void {
    this.#changes.fire();
  }

  getTreeItem(item: Item): Item {
    return item;
  }

  getChildren(parent?: Item): Item[] {
    return parent === undefined ? this.itemsOf(this.#sync.state) : [];
  }

  protected abstract itemsOf(state: Workbench): Item[];
}
