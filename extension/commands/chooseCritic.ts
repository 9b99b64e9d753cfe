/** Picks who criticizes failed answers, and writes it into the run file. */
import * as vscode from 'vscode';
import { withSetting } from '../runFiles/setting.ts';
import type { Command } from '../services.ts';
import { chooseRunFile } from '../ui/runFiles.ts';

export const chooseCritic: Command = {
  id: 'critiqueGrpo.chooseCritic',
  async run(services, argument) {
    const file = await chooseRunFile(argument);
    if (file === null) return;
    const critics = await services.request('critic/list', {});
    const items = critics.map(({ key, summary, needs }) => ({ label: key, description: needs.join(', '), detail: summary }));
    const picked = await vscode.window.showQuickPick(items, { title: 'Critic', placeHolder: 'Who criticizes failed answers', matchOnDetail: true });
    if (picked === undefined) return;
    const document = await vscode.workspace.openTextDocument(file);
    const edit = new vscode.WorkspaceEdit();
    const whole = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
    edit.replace(file, whole, withSetting(document.getText(), ['critic'], picked.label));
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(document);
  },
};
