/** The one door to messages about what went wrong: each says what to do, and where to read more. */
import * as vscode from 'vscode';
import { errorDataOf, errorText } from '../backend/errors.ts';

/** What the person asked to end is no error. */
const silent = new Set(['request.cancelled']);

export function showError(error: unknown, log: vscode.LogOutputChannel): void {
  const { code } = errorDataOf(error);
  if (silent.has(code)) return;
  log.error(`${code}: ${errorText(error)}`);
  if (code === 'internal.error' && error instanceof Error) log.error(error);
  const manageTrust = 'Manage Workspace Trust';
  const showLog = 'Show Log';
  void vscode.window.showErrorMessage(errorText(error), code === 'workspace.untrusted' ? manageTrust : showLog).then((choice) => {
    if (choice === showLog) log.show();
    if (choice === manageTrust) void vscode.commands.executeCommand('workbench.trust.manage');
  });
}
