/** Copies the built-in request of a critic beside the run file, names it there, and opens it. */
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import { withSetting } from '../runFiles/setting.ts';
import type { Command } from '../services.ts';
import { chooseRunFile } from '../ui/runFiles.ts';

export const editCriticPrompt: Command = {
  id: 'critiqueGrpo.editCriticPrompt',
  async run(services, argument) {
    const file = await chooseRunFile(argument);
    if (file === null) return;
    const builtIn = vscode.Uri.file(services.context.asAbsolutePath(join('media', 'prompts')));
    const names = (await vscode.workspace.fs.readDirectory(builtIn)).map(([name]) => name).filter((name) => name.endsWith('.jinja'));
    const name = await vscode.window.showQuickPick(names, { title: 'Edit Critic Prompt', placeHolder: 'What to start from' });
    if (name === undefined) return;
    const target = vscode.Uri.joinPath(file, '..', name);
    if (!(await exists(target))) await vscode.workspace.fs.copy(vscode.Uri.joinPath(builtIn, name), target);
    const document = await vscode.workspace.openTextDocument(file);
    const changed = withSetting(document.getText(), ['criticOptions', 'promptFile'], `./${name}`);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(file, new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length)), changed);
    if (changed !== document.getText()) await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(target, { preview: false });
    const preview = 'Preview';
    const message = `${basename(file.path)} names this file as its critic's prompt. Save both; "Preview" shows the whole request.`;
    if ((await vscode.window.showInformationMessage(message, preview)) === preview) {
      await vscode.commands.executeCommand('critiqueGrpo.previewCritic', file);
    }
  },
};

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
