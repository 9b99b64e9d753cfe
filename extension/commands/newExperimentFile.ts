/** Writes an experiment file, from one of the templates, and opens it. */
import * as vscode from 'vscode';
import { experimentFileText } from '../runFiles/experimentFileText.ts';
import { withSetting } from '../runFiles/setting.ts';
import type { Command, Services } from '../services.ts';
import { experimentEnding } from '../ui/experiments.ts';

interface Template {
  readonly name: string;
  textFor(name: string): string;
}

export const newExperimentFile: Command = {
  id: 'critiqueGrpo.newExperimentFile',
  async run(services) {
    const template = await pickTemplate(services);
    if (template === null) return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (folder === undefined) {
      const content = template.textFor(template.name);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'jsonc', content }));
      return;
    }
    const name = await askName(folder, template.name);
    if (name === undefined) return;
    const uri = vscode.Uri.joinPath(folder, `${name}${experimentEnding}`);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(template.textFor(name)));
    await vscode.window.showTextDocument(uri);
  },
};

async function pickTemplate(services: Services): Promise<Template | null> {
  const templates = await services.request('experiment/templates', {});
  const item = (icon: string, label: string, detail: string, template: Template): vscode.QuickPickItem & { readonly template: Template } => ({
    label: `$(${icon}) ${label}`,
    detail,
    template,
  });
  const first = { name: 'first', textFor: experimentFileText };
  const items = [
    { label: 'To begin with', kind: vscode.QuickPickItemKind.Separator },
    item('beaker', 'First experiment', 'GRPO against Critique-GRPO with two critics, on the demonstration; every setting explained.', first),
    { label: 'Tables and figures of the paper, on the demonstration', kind: vscode.QuickPickItemKind.Separator },
    ...templates.map(({ name, summary, text }) => item('table', name, summary, { name, textFor: (chosen) => withSetting(text, ['name'], chosen) })),
  ];
  const options = { title: 'New Experiment File', placeHolder: 'What to start from', matchOnDetail: true };
  const picked = await vscode.window.showQuickPick(items, options);
  return picked !== undefined && 'template' in picked ? picked.template : null;
}

/** A name that no experiment file of the folder has yet. */
async function askName(folder: vscode.Uri, wanted: string): Promise<string | undefined> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const taken = new Set(entries.map(([entry]) => entry));
  let value = wanted;
  for (let i = 2; taken.has(`${value}${experimentEnding}`); i++) value = `${wanted}${i}`;
  return vscode.window.showInputBox({
    title: 'New Experiment File',
    prompt: `Name of the experiment; the file is <name>${experimentEnding}.`,
    value,
    validateInput: (text) => {
      if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return 'Up to 64 letters, digits, ".", "-" and "_", a letter or digit first.';
      return taken.has(`${text}${experimentEnding}`) ? `${text}${experimentEnding} is there already.` : null;
    },
  });
}
