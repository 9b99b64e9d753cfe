/** The one door to messages about what went wrong: each says what to do, and where to read more. */
import * as vscode from 'vscode';
import type { RunSummary } from '../../backend/protocol/views.ts';
import { errorDataOf, errorText } from '../backend/errors.ts';

/** What trust would allow. */
const aboutTrust = new Set(['workspace.untrusted', 'workspace.strayLink']);
/** What the person asked to end is no error. */
const silent = new Set(['request.cancelled']);

export function showError(error: unknown, log: vscode.LogOutputChannel): void {
  const { code } = errorDataOf(error);
  if (silent.has(code)) return;
  log.error(`${code}: ${errorText(error)}`);
  if (code === 'internal.error' && error instanceof Error) log.error(error);
  const manageTrust = 'Manage Workspace Trust';
  const showLog = 'Show Log';
  void vscode.window.showErrorMessage(errorText(error), aboutTrust.has(code) ? manageTrust : showLog).then((choice) => {
    if (choice === showLog) log.show();
    if (choice === manageTrust) void vscode.commands.executeCommand('workbench.trust.manage');
  });
}

/** Says that a training was cut off by the end of its backend, and offers to go on. */
export function showInterruption({ id, name, lastStep }: RunSummary, log: vscode.LogOutputChannel): void {
  const message = `The backend ended while "${name}" was in work. It is there again; everything up to step ${lastStep ?? 0} is kept.`;
  const resume = 'Resume';
  const showLog = 'Show Log';
  log.warn(message);
  void vscode.window.showWarningMessage(message, resume, showLog).then((choice) => {
    if (choice === resume) void vscode.commands.executeCommand('critiqueGrpo.resumeRun', id);
    if (choice === showLog) log.show();
  });
}

/** Says what became of a critic whose model the person does not let it use; resolves with whether it may ask again. */
export async function showRefusedModel(model: string): Promise<boolean> {
  const again = 'Ask Again';
  const message = `A critic asks for the editor's model "${model}", and consent was refused. Training goes on without its critiques.`;
  return (await vscode.window.showWarningMessage(message, again)) === again;
}
