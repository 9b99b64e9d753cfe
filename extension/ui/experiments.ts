/** Choosing an experiment, and the file of one. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ExperimentView } from '../../backend/protocol/experimentViews.ts';
import type { Services } from '../services.ts';
import { folderText } from './places.ts';

export const experimentEnding = '.experiment.json';

/** The file given, else the one that is open, else the only one, else the one that the person picks. Null when there is none, said aloud, or none was picked. */
export async function chooseExperimentFile(argument: unknown): Promise<vscode.Uri | null> {
  if (argument instanceof vscode.Uri) return argument;
  const open = vscode.window.activeTextEditor?.document.uri;
  if (open?.scheme === 'file' && open.path.endsWith(experimentEnding)) return open;
  const files = await vscode.workspace.findFiles(`**/*${experimentEnding}`, '**/{node_modules,.critique-grpo}/**', 50);
  if (files.length === 0) {
    await offerNewFile('There is no experiment file in this folder.');
    return null;
  }
  if (files.length === 1) return files[0] ?? null;
  const items = files
    .sort((a, b) => a.path.localeCompare(b.path))
    .map((uri) => ({
      label: `$(file-code) ${basename(uri.path)}`,
      description: folderText(uri),
      uri,
    }));
  const picked = await vscode.window.showQuickPick(items, { title: 'Start Experiment', placeHolder: 'Experiment file', matchOnDescription: true });
  return picked?.uri ?? null;
}

/** The experiment given by its id or its file, else the only one that fits, else the one that the person picks. Null when there is none, said aloud, or none was picked. */
export async function chooseExperiment(
  services: Services,
  argument: unknown,
  purpose: { readonly title: string; readonly fits: (experiment: ExperimentView) => boolean; readonly none: () => Promise<void> },
): Promise<ExperimentView | null> {
  const all = await services.request('experiment/list', {});
  const given = all.find(({ id, path }) => (argument instanceof vscode.Uri ? path === argument.fsPath : id === argument));
  if (given !== undefined) return given;
  const fitting = all.filter(purpose.fits);
  if (fitting.length === 0) {
    await purpose.none();
    return null;
  }
  if (fitting.length === 1) return fitting[0] ?? null;
  const items = fitting.map((experiment) => ({
    label: `$(${experiment.isRunning ? 'sync' : 'beaker'}) ${experiment.name}`,
    description: progressText(experiment),
    experiment,
  }));
  return (await vscode.window.showQuickPick(items, { title: purpose.title, placeHolder: 'Experiment' }))?.experiment ?? null;
}

export async function offerNewFile(message: string): Promise<void> {
  const create = 'New Experiment File';
  if ((await vscode.window.showInformationMessage(message, create)) === create) {
    await vscode.commands.executeCommand('critiqueGrpo.newExperimentFile');
  }
}

function progressText({ finished, failed, total, isRunning }: ExperimentView): string {
  const parts = [`${finished} of ${total} runs finished`, ...(failed === 0 ? [] : [`${failed} failed`]), ...(isRunning ? ['running'] : [])];
  return parts.join(' · ');
}
