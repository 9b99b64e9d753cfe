/** Writes a commented run file and opens it. */
import * as vscode from 'vscode';
import type { PresetView } from '../../backend/protocol/views.ts';
import { ownSettings, runFileText, withSettings, type Settings } from '../runFiles/runFileText.ts';
import type { Command, Services } from '../services.ts';

const ending = '.cgrpo.json';

export const newRunFile: Command = {
  id: 'critiqueGrpo.newRunFile',
  /** `argument`: the name of a preset, where it is known already. */
  async run(services, argument) {
    const preset = await pickPreset(services, typeof argument === 'string' ? argument : undefined);
    if (preset === null) return;
    const settings = settingsOf(preset);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    if (folder === undefined) {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'jsonc', content: runFileText('run', settings) }));
      return;
    }
    const name = await askName(folder, preset.name === 'demo' ? 'run' : preset.name);
    if (name === null) return;
    const uri = vscode.Uri.joinPath(folder, `${name}${ending}`);
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(runFileText(name, settings)));
    await vscode.window.showTextDocument(uri);
  },
};

/** A preset that names no model wants one of the researcher's, and data. */
function settingsOf({ config, isComplete }: PresetView): Settings {
  return isComplete ? (config as Settings) : withSettings(ownSettings, config as Settings);
}

async function pickPreset(services: Services, name: string | undefined): Promise<PresetView | null> {
  const presets = await services.request('preset/list', {});
  const named = presets.find((preset) => preset.name === name);
  if (named !== undefined) return named;
  const item = (preset: PresetView): vscode.QuickPickItem & { readonly preset: PresetView } => ({
    label: `$(${preset.isComplete ? 'beaker' : 'file-code'}) ${preset.name}`,
    detail: preset.summary,
    preset,
  });
  const items = [
    { label: 'Ready to start', kind: vscode.QuickPickItemKind.Separator },
    ...presets.filter(({ isComplete }) => isComplete).map(item),
    { label: 'For your own model and problems', kind: vscode.QuickPickItemKind.Separator },
    ...presets.filter(({ isComplete }) => !isComplete).map(item),
  ];
  const options = { title: 'New Run File', placeHolder: 'What to start from', matchOnDetail: true };
  const picked = await vscode.window.showQuickPick(items, options);
  return picked !== undefined && 'preset' in picked ? picked.preset : null;
}

/** A name that no run file of the folder has yet. */
async function askName(folder: vscode.Uri, wanted: string): Promise<string | null> {
  const entries = await vscode.workspace.fs.readDirectory(folder);
  const taken = new Set(entries.map(([entry]) => entry));
  let value = wanted;
  for (let i = 2; taken.has(`${value}${ending}`); i++) value = `${wanted}${i}`;
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
