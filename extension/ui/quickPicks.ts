/** Choosing a run. */
import * as vscode from 'vscode';
import type { RunSummary } from '../../backend/protocol/views.ts';
import type { Services } from '../services.ts';
import { runDescription, runIcon } from '../state/runText.ts';
import { currentRun } from '../state/workbench.ts';

interface RunItem extends vscode.QuickPickItem {
  readonly run: RunSummary;
}

/** The run that a command was given (by its id, or a tree item of it); null when it was given none, or one that is gone. */
export async function givenRun(services: Services, argument: unknown): Promise<RunSummary | null> {
  const id = typeof argument === 'string' ? argument : (argument as { readonly runId?: unknown } | null | undefined)?.runId;
  if (typeof id !== 'string') return null;
  return (await knownRuns(services)).find((run) => run.id === id) ?? null;
}

/** The run given, else the only one that fits, else the one that the person picks. Null when there is none, said aloud, or none was picked. */
export async function chooseRun(
  services: Services,
  argument: unknown,
  purpose: { readonly title: string; readonly fits: (run: RunSummary) => boolean; readonly none: string },
): Promise<RunSummary | null> {
  const given = await givenRun(services, argument);
  if (given !== null) return given;
  const fitting = (await knownRuns(services)).filter(purpose.fits);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage(purpose.none);
    return null;
  }
  if (fitting.length === 1) return fitting[0] ?? null;
  const current = currentRun(services.sync.state)?.id;
  const items = runItems([...fitting.filter(({ id }) => id === current), ...fitting.filter(({ id }) => id !== current)]);
  return (await vscode.window.showQuickPick(items, { title: purpose.title, placeHolder: 'Run', matchOnDescription: true }))?.run ?? null;
}

/** Several runs; empty when the person picks none. */
export async function chooseRuns(services: Services, title: string, picked: readonly string[]): Promise<readonly RunSummary[]> {
  const items = runItems(await knownRuns(services)).map((item) => ({ ...item, picked: picked.includes(item.run.id) }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Runs to lay over each other',
    canPickMany: true,
    matchOnDescription: true,
  });
  return (chosen ?? []).map(({ run }) => run);
}

async function knownRuns({ sync }: Services): Promise<readonly RunSummary[]> {
  if (sync.state.runs === null) await sync.refresh();
  return sync.state.runs ?? [];
}

function runItems(runs: readonly RunSummary[]): readonly RunItem[] {
  return runs.map((run) => ({ label: `$(${runIcon(run)}) ${run.name}`, description: `${run.algorithm} · ${runDescription(run)}`, run }));
}
