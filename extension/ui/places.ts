/** Where a file lies, as lists of files say it. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';

/** The folder below the workspace's; empty for a file at its root. */
export function folderText(file: vscode.Uri): string {
  const folder = vscode.Uri.file(dirname(file.fsPath));
  const isRoot = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === folder.fsPath) ?? false;
  return isRoot ? '' : vscode.workspace.asRelativePath(folder);
}
