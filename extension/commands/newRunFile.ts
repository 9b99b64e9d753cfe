/** Writes a commented run file and opens it. */
import * as vscode from 'vscode';
import { runFileText, type RunFileKind } from '../runFiles/runFileText.ts';
import type { Command } from '../services.ts';

const ending = '.cgrpo.json';

export const newRunFile: Command = {
  id: 'critiqueGrpo.newRunFile',
  async run() {
    const kind = await pickKind();
    if (kind === null) return;
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (folder === undefined) {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'jsonc', content: runFileText(kind, 'run') }));
      return;
    }
    const name = await askName(folder);
    if (name === null) return;
    const uri = vscode.Uri.joinPath(folder, `${name}${ending}`);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(runFileText(kind, name)));
    await vscode.window.showTextDocument(uri);
  },
};

async function pickKind(): Promise<RunFileKind | null> {
  const items: readonly (vscode.QuickPickItem & { readonly runFile: RunFileKind })[] = [
    { runFile: 'demonstration', label: 'Bundled demonstration', detail: 'A tiny model on word problems: minutes on a laptop, offline.' },
    { runFile: 'own', label: 'Your model and problems', detail: 'A Hugging Face folder and a JSONL file of problems with answers.' },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: 'New Run File', placeHolder: 'What is to be trained?' });
  return picked?.runFile ?? null;
}

/** A name that no run file of the folder has yet. */
async function askName(folder: vscode.Uri): Promise<string | null> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const taken = new Set(entries.map(([entry]) => entry));
  let value = 'run';
  for (let i = 2; taken.has(`${value}${ending}`); i++) value = `run${i}`;
  const name = await vscode.window.showInputBox({
    title: 'New Run File',
    prompt: `Name of the run; the file is <name>${ending}.`,
    value,
    validateInput: (text) => {
      if (!/^[\w-][\w.-]*$/.test(text)) return 'Letters, digits, ".", "-" and "_" only.';
      return taken.has(`${text}${ending}`) ? `${text}${ending} is there already.` : null;
    },
  });
  return name ?? null;
}
