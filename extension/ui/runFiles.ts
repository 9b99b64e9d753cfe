/** Choosing a run file of the workspace. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { folderText } from './places.ts';

const ending = '.cgrpo.json';

/** The run file given, else the one that is open, else the only one, else the one that the person picks. Null when there is none, said aloud. */
export async function chooseRunFile(argument: unknown): Promise<vscode.Uri | null> {
  if (argument instanceof vscode.Uri) return argument;
  const open = openRunFile();
  if (open !== null) return open;
  const files = await allRunFiles();
  if (files.length === 0) {
    const create = 'New Run File';
    if ((await vscode.window.showInformationMessage('There is no run file in this folder.', create)) === create) {
      await vscode.commands.executeCommand('critiqueGrpo.newRunFile');
    }
    return null;
  }
  if (files.length === 1) return files[0] ?? null;
  const items = files.map((uri) => ({ label: basename(uri.path), description: folderText(uri), uri }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Run file' }))?.uri ?? null;
}

/** Of the workspace, by their paths. */
export async function allRunFiles(): Promise<readonly vscode.Uri[]> {
  const files = await vscode.workspace.findFiles(`**/*${ending}`, '**/{node_modules,.critique-grpo}/**', 50);
  return files.sort((a, b) => a.path.localeCompare(b.path));
}

/** The run file that the person looks at, if it is one. */
export function openRunFile(): vscode.Uri | null {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' && isRunFile(uri) ? uri : null;
}

export function isRunFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith(ending);
}
