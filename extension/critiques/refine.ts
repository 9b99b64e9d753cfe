/** Lets the policy write refinements from a critique, tells what came of it, and compares one with the failed answer. */
import * as vscode from 'vscode';
import type { Trial } from '../../backend/protocol/views.ts';
import type { CritiqueDesk } from './desk.ts';
import { documentUri } from './documents.ts';
import { critiqueInForce, critiquesOf, refinementsOf, refinementToShow } from './failure.ts';
import { failureUri } from './openFailure.ts';
import type { Target } from './target.ts';
import { trainOn } from './train.ts';
import { visibleLabel } from './visibleText.ts';
import { refiningText, trialText } from './wording.ts';

/** m refinements from the critique in force. Served between two steps while training runs; cancellable meanwhile. */
export async function refine(desk: CritiqueDesk, target: Target): Promise<void> {
  const critique = critiqueInForce(critiquesOf(await desk.failures.get(target)));
  if (critique === null) {
    void vscode.window.showInformationMessage('This answer has no critique yet. Write one first.');
    return;
  }
  const trial = await trialOf(desk, target, critique.id);
  if (trial === null) return;
  await desk.changed(target);
  const { openDiffAfterRefine, trainOnSave } = desk.host.settings();
  const shown = refinementToShow(trial.refinements);
  if (openDiffAfterRefine && shown !== null) await openDiff(desk, target, shown.refinement.id);
  if (trainOnSave && critique.kind === 'human') await trainOn(desk, target);
  else void offerNext(desk, target, trial);
}

/** The native diff of the failed answer against a refinement; of the one most worth reading when none is named. */
export async function openDiff(desk: CritiqueDesk, target: Target, refinementId?: string | null): Promise<void> {
  const failure = await desk.failures.get(target);
  const refinements = refinementsOf(failure);
  const judged = refinementId ? refinements.find(({ refinement }) => refinement.id === refinementId) : refinementToShow(refinements);
  if (judged === undefined && refinementId) {
    // Newer than what was read.
    desk.failures.forget(target);
  } else if (!judged) {
    void vscode.window.showInformationMessage('The policy has written no refinement of this answer yet. Use "Refine Again".');
    return;
  }
  const id = judged?.refinement.id ?? refinementId ?? '';
  const title = visibleLabel(`${failure.problem.id}: failed answer ↔ refinement${judged?.verdict ? ` (${judged.verdict.status})` : ''}`, 120);
  await vscode.commands.executeCommand(
    'vscode.diff',
    documentUri({ part: 'answer', ...target }, 'failed answer'),
    documentUri({ part: 'refinement', refinementId: id, ...target }, 'refinement'),
    title,
    { preview: true, preserveFocus: true, viewColumn: columnBeside(failureUri(failure)) },
  );
}

/** Beside the failure where it is on screen, so that answer, critique and refinement are seen together. */
function columnBeside(uri: vscode.Uri): vscode.ViewColumn {
  const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.toString() === uri.toString());
  if (editor?.viewColumn === undefined) return vscode.ViewColumn.Active;
  // By this name, and not by its number, the editor lets the focus where it is.
  return editor.viewColumn === vscode.window.tabGroups.activeTabGroup.viewColumn ? vscode.ViewColumn.Beside : editor.viewColumn + 1;
}

async function trialOf(desk: CritiqueDesk, target: Target, critiqueId: string): Promise<Trial | null> {
  const { trialSamples } = desk.host.settings();
  desk.threads.setBusy(target, 'refining…');
  try {
    return await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Refining ${trialSamples} times with the policy of now`, cancellable: true },
      async (shown, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        const hearing = desk.onProgress((progress) => {
          if (progress.runId === target.runId) shown.report({ message: refiningText(progress) });
        });
        try {
          return await desk.host.request('critique/refine', { runId: target.runId, critiqueId, samples: trialSamples }, abort.signal);
        } catch (error) {
          if (!token.isCancellationRequested) desk.host.showError(error);
          return null;
        } finally {
          hearing.dispose();
        }
      },
    );
  } finally {
    desk.threads.setBusy(target, null);
  }
}

async function offerNext(desk: CritiqueDesk, target: Target, trial: Trial): Promise<void> {
  const train = 'Train on This';
  const compare = 'Compare';
  const actions = trial.refinements.length === 0 ? [train] : [train, compare];
  const choice = await vscode.window.showInformationMessage(trialText(trial), ...actions);
  if (choice === train) await trainOn(desk, target);
  if (choice === compare) await openDiff(desk, target, refinementToShow(trial.refinements)?.refinement.id ?? null);
}
