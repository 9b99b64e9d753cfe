/** What runs models and verifiers needs a workspace that the person trusts. */
import * as vscode from 'vscode';

/** Whether `what` ("Training") may be done here; said aloud, with a way to change it, where it may not. */
export async function mayWork(what: string): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const manage = 'Manage Workspace Trust';
  const message = `${what} runs models and verifiers, so it needs a trusted workspace. Everything recorded can be viewed without.`;
  if ((await vscode.window.showWarningMessage(message, manage)) === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  return false;
}
