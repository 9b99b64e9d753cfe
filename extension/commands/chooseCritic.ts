/** Picks who criticizes failed answers, and the model behind it where there is one, and writes both into the run file. */
import { findNodeAtLocation, parse, parseTree } from 'jsonc-parser';
import * as vscode from 'vscode';
import { withSetting } from '../runFiles/setting.ts';
import type { Command } from '../services.ts';
import { chooseCriticModel } from '../ui/criticModel.ts';
import { chooseRunFile } from '../ui/runFiles.ts';

export const chooseCritic: Command = {
  id: 'critiqueGrpo.chooseCritic',
  async run(services, argument) {
    const file = await chooseRunFile(argument);
    if (file === null) return;
    const critics = await services.request('critic/list', {});
    const items = critics.map((critic) => ({ label: critic.key, description: critic.needs.join(', '), detail: critic.summary, critic }));
    const picked = await vscode.window.showQuickPick(items, { title: 'Critic', placeHolder: 'Who criticizes failed answers', matchOnDetail: true });
    if (picked === undefined) return;
    const { key, model } = picked.critic;
    const document = await vscode.workspace.openTextDocument(file);
    const options = model === 'endpoint' ? await chooseCriticModel(key, knownModel(document.getText())) : {};
    if (options === null) return;
    const settings = Object.entries(options).map(([name, value]) => [['criticOptions', name], value] as const);
    const text = [[['critic'], key] as const, ...settings].reduce((changed, [path, value]) => withSetting(changed, path, value), document.getText());
    const edit = new vscode.WorkspaceEdit();
    edit.replace(file, new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length)), text);
    await vscode.workspace.applyEdit(edit);
    await showSetting(document, settings.length === 0 ? 'critic' : 'criticOptions');
  },
};

/** With the setting in view. */
async function showSetting(document: vscode.TextDocument, name: string): Promise<void> {
  const tree = parseTree(document.getText());
  const offset = tree === undefined ? undefined : findNodeAtLocation(tree, [name])?.offset;
  const editor = await vscode.window.showTextDocument(document);
  if (offset === undefined) return;
  const at = document.positionAt(offset);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** What is offered to be kept; the file may say anything. */
function knownModel(text: string): { readonly baseUrl: string; readonly model: string } {
  const { criticOptions } = (parse(text) ?? {}) as { criticOptions?: { baseUrl?: unknown; model?: unknown; endpoint?: unknown } };
  const word = (value: unknown): string => (typeof value === 'string' ? value : '');
  return { baseUrl: word(criticOptions?.baseUrl), model: criticOptions?.endpoint === 'editor' ? '' : word(criticOptions?.model) };
}
