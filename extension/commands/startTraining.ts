/** From the palette to a running training: what to train, what that comes to, go. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { RunSource } from '../../backend/protocol/methods.ts';
import type { RunPlan } from '../../backend/protocol/views.ts';
import type { Command, Services } from '../services.ts';
import { folderText } from '../ui/places.ts';
import { allRunFiles } from '../ui/runFiles.ts';
import { mayWork } from '../ui/trust.ts';

interface SourceItem extends vscode.QuickPickItem {
  /** Absent: a new run file, from a preset if one is named. */
  readonly source?: () => Promise<RunSource>;
  readonly preset?: string;
}

export const startTraining: Command = {
  id: 'critiqueGrpo.startTraining',
  async run(services, argument) {
    if (!(await mayWork('Training'))) return;
    const source = argument instanceof vscode.Uri ? await fileSource(argument) : await chooseSource(services);
    if (source === null) return;
    const plan = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Looking at model and data' }, () =>
      services.request('run/plan', { source }),
    );
    if (!(await isConfirmed(plan))) return;
    services.askForConsentAgain();
    const { runId } = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: `Starting ${plan.name}` }, () =>
      services.request('run/start', { source }),
    );
    services.sync.apply({ type: 'select', runId });
    services.sync.refreshSoon();
    services.openPanel({ kind: 'run', runId, overlays: [] });
  },
};

/** Null when the person picks none, or goes to write a run file first: a preset without model and data cannot be started as it is. */
async function chooseSource(services: Services): Promise<RunSource | null> {
  const [presets, files] = await Promise.all([services.request('preset/list', {}), allRunFiles()]);
  const items: SourceItem[] = [
    ...separated(
      'Run files',
      files.map((uri): SourceItem => ({
        label: `$(file-code) ${basename(uri.path)}`,
        description: folderText(uri),
        source: () => fileSource(uri),
      })),
    ),
    ...separated(
      'Presets',
      presets
        .filter(({ isComplete }) => isComplete)
        .map(({ name, summary }): SourceItem => ({
          label: `$(beaker) ${name}`,
          detail: summary,
          source: () => Promise.resolve({ preset: name }),
        })),
    ),
    ...separated('Methods, for a run file with your own model and problems', [
      ...presets
        .filter(({ isComplete }) => !isComplete)
        .map(({ name, summary }): SourceItem => ({ label: `$(new-file) ${name}…`, detail: summary, preset: name })),
    ]),
  ];
  const picked = await vscode.window.showQuickPick(items, {
    ignoreFocusOut: true,
    title: 'Start Training (1/2)',
    placeHolder: 'What to train',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked === undefined) return null;
  if (picked.source !== undefined) return picked.source();
  await vscode.commands.executeCommand('critiqueGrpo.newRunFile', picked.preset);
  return null;
}

function separated(label: string, items: readonly SourceItem[]): readonly SourceItem[] {
  return items.length === 0 ? [] : [{ label, kind: vscode.QuickPickItemKind.Separator }, ...items];
}

/** The text as it stands in the editor, saved or not. */
async function fileSource(uri: vscode.Uri): Promise<RunSource> {
  const document = await vscode.workspace.openTextDocument(uri);
  return { file: { path: uri.fsPath, text: document.getText() } };
}

/** Shows what the run comes to before it takes anyone's evening. */
async function isConfirmed(plan: RunPlan): Promise<boolean> {
  const { memory, warnings, arithmetic, data, parameters, trainableParameters, trainProblems, heldOutProblems } = plan;
  const trained = trainableParameters === parameters ? '' : `, ${count(trainableParameters)} trained`;
  const facts: vscode.QuickPickItem[] = [
    { label: `$(chip) ${count(parameters)} parameters${trained}` },
    { label: `$(list-ordered) ${trainProblems} problems to train on, ${heldOutProblems} held out` },
    ...data.map((line) => ({ label: `$(table) ${line}` })),
    ...arithmetic.map((line) => ({ label: `$(symbol-operator) ${line}` })),
    { label: `$(server) About ${size(memory.needed)} of memory; ${size(memory.available)} are free` },
    ...warnings.map((warning) => ({ label: `$(warning) ${warning}` })),
  ];
  const start: vscode.QuickPickItem = {
    label: `$(play) Start ${plan.name}`,
    description: [plan.algorithm, plan.critic].filter((part) => part !== null).join(' · '),
  };
  const items = [
    start,
    { label: warnings.length === 0 ? 'What it comes to' : 'What it comes to, with warnings', kind: vscode.QuickPickItemKind.Separator },
    ...facts,
  ];
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Start Training (2/2)',
    placeHolder: 'Enter starts, Escape does not',
    // An earlier run that ends meanwhile, or a look at the run file, must not throw away what is asked.
    ignoreFocusOut: true,
  });
  return picked === start;
}

function count(n: number): string {
  const [value, unit] = n >= 1e9 ? [n / 1e9, 'B'] : n >= 1e6 ? [n / 1e6, 'M'] : [n / 1e3, 'k'];
  return `${value.toFixed(value < 10 ? 2 : 1)}${unit}`;
}

function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
