/** Starts the grid of an experiment file, or goes on with it, and opens its page. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { experimentSize } from '../runFiles/experimentFileText.ts';
import type { Command } from '../services.ts';
import { chooseExperimentFile } from '../ui/experiments.ts';
import { mayWork } from '../ui/trust.ts';

export const startExperiment: Command = {
  id: 'critiqueGrpo.startExperiment',
  async run(services, argument) {
    if (!(await mayWork('An experiment'))) return;
    const file = await chooseExperimentFile(argument);
    if (file === null) return;
    // As it stands in the editor, saved or not.
    const text = (await vscode.workspace.openTextDocument(file)).getText();
    if (!(await isConfirmed(text))) return;
    const { id } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Starting ${basename(file.path)}` },
      () => services.request('experiment/start', { source: { file: { path: file.fsPath, text } } }),
    );
    services.openPanel({ kind: 'experiment', experimentId: id });
  },
};

/** Shows what it comes to before it takes anyone's night. What is wrong with a file is said by the backend. */
async function isConfirmed(text: string): Promise<boolean> {
  const size = experimentSize(text);
  if (size === null) return true;
  const { name, cells, seeds, sets } = size;
  const start: vscode.QuickPickItem = { label: `$(play) Start ${name}`, description: 'Runs that are finished are passed over' };
  const items: vscode.QuickPickItem[] = [
    start,
    { label: 'What it comes to', kind: vscode.QuickPickItemKind.Separator },
    { label: `$(list-ordered) ${cells * seeds} runs, one after another: ${cells} in the grid × ${seeds} seeds` },
    ...(sets === 0 ? [] : [{ label: `$(checklist) Each scored on ${sets === 1 ? '1 evaluation set' : `${sets} evaluation sets`}` }]),
  ];
  return (await vscode.window.showQuickPick(items, { title: 'Start Experiment', placeHolder: 'Enter starts, Escape does not' })) === start;
}
