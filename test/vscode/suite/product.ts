/** The extension under test, as its manifest describes it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as vscode from 'vscode';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category?: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string; readonly name: string }[]>>;
    readonly menus: Readonly<Record<string, readonly { readonly command?: string }[]>>;
  };
}

/** Trees that the extension hands to whoever activates it. */
interface Api {
  readonly trees: Readonly<Record<'runs' | 'failures' | 'critiques', vscode.TreeDataProvider<unknown>>>;
}

export function product(): vscode.Extension<Api> & { readonly manifest: Manifest } {
  const found = vscode.extensions.all.find(({ packageJSON }) => (packageJSON as { name?: string }).name === 'critique-grpo-workbench');
  assert.ok(found, 'VS Code knows no extension critique-grpo-workbench');
  return Object.assign(found as vscode.Extension<Api>, { manifest: found.packageJSON as Manifest });
}

/** Looks again until it is so: what happens in another process has no promise here. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined, milliseconds = 60_000): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`Waited ${milliseconds / 1000} s in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Texts of the notifications that the window has shown, with their buttons. */
export function messagesOnScreen(): readonly string[] {
  const path = process.env['CRITIQUE_GRPO_MESSAGES'] ?? '';
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as readonly string[]) : [];
}

export interface Row {
  readonly label: string;
  readonly description: string;
  readonly tooltip: string;
  readonly children: readonly Row[];
}

/** A whole tree as a person could unfold it. */
export async function rowsOf(tree: vscode.TreeDataProvider<unknown>, parent?: unknown): Promise<Row[]> {
  const nodes = (await tree.getChildren(parent)) ?? [];
  return Promise.all(
    nodes.map(async (node) => {
      const item = await tree.getTreeItem(node);
      const { label, description, tooltip } = item;
      return {
        label: typeof label === 'string' ? label : (label?.label ?? ''),
        description: typeof description === 'string' ? description : '',
        tooltip: typeof tooltip === 'string' ? tooltip : (tooltip?.value ?? ''),
        children: (item.collapsibleState ?? 0) === vscode.TreeItemCollapsibleState.None ? [] : await rowsOf(tree, node),
      };
    }),
  );
}

/** Labels of rows and of everything below them. */
export function allLabels(rows: readonly Row[]): string[] {
  return rows.flatMap(({ label, children }) => [label, ...allLabels(children)]);
}
