/** Writes a commented experiment file and opens it. */
import * as vscode from 'vscode';
import { experimentFileText } from '../runFiles/experimentFileText.ts';
import type { Command } from '../services.ts';
import { experimentEnding } from '../ui/experiments.ts';

export const newExperimentFile: Command = {
  id: 'critiqueGrpo.newExperimentFile',
  async run() {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (folder === undefined) {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'jsonc', content: experimentFileText('experiment') }));
      return;
    }
    const name = await askName(folder, 'experiment');
    if (name === undefined) return;
    const uri = vscode.Uri.joinPath(folder, `${name}${experimentEnding}`);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(experimentFileText(name)));
    await vscode.window.showTextDocument(uri);
  },
};

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
