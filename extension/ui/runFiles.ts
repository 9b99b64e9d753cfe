/** Choosing a run file of the workspace. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';

const ending = '.cgrpo.json';

/** The run file given, else the one that is open, else the only one, else the one that the person picks. Null when there is none, said aloud. */
export async function chooseRunFile(argument: unknown): Promise<vscode.Uri | null> {
  if (argument instanceof vscode.Uri) return argument;
  const open = openRunFile();
  if (open !== null) return open;
  const files = await vscode.workspace.findFiles(`**/*${ending}`, '**/{node_modules,.critique-grpo}/**', 50);
  if (files.length === 0) {
    const create = 'New Run File';
    if ((await vscode.window.showInformationMessage('There is no run file in this folder.', create)) === create) {
      await vscode.commands.executeCommand('critiqueGrpo.newRunFile');
    }
    return null;
  }
  if (files.length === 1) return files[0] ?? null;
  const items = files
    .sort((a, b) => a.path.localeCompare(b.path))
    .map((uri) => ({ label: basename(uri.path), description: vscode.workspace.asRelativePath(vscode.Uri.file(dirname(uri.fsPath))), uri }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Run file' }))?.uri ?? null;
}

/** The run file that the person looks at, if it is one. */
export function openRunFile(): vscode.Uri | null {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === 'file' && isRunFile(uri) ? uri : null;
}

export function isRunFile(uri: vscode.Uri): boolean {
  return uri.path.endsWith(ending);
}
