/** The revisions of a critique with what came of each; two of them side by side. */
import * as vscode from 'vscode';
import type { CritiqueRevisionView } from '../../backend/protocol/views.ts';
import type { CritiqueDesk } from './desk.ts';
import { documentUri } from './documents.ts';
import type { Target } from './target.ts';
import { visibleLabel } from './visibleText.ts';
import { outcomeText, revisionText, timeText } from './wording.ts';

/** Pick one revision to compare it with the one before it, two to compare these. */
export async function showHistory(desk: CritiqueDesk, target: Target): Promise<void> {
  const { runId, rolloutId } = target;
  const history = await desk.host.request('critique/history', { runId, rolloutId });
  if (history.length === 0) {
    void vscode.window.showInformationMessage('This answer has no critique yet.');
    return;
  }
  const items = history.map((view, index) => historyItem(view, index)).reverse();
  const picked = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    title: 'Revisions of the Critique',
    placeHolder: 'One revision: compare with the one before. Two: compare these.',
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked === undefined || picked.length === 0) return;
  const indices = picked.map(({ index }) => index).sort((a, b) => a - b);
  const newer = indices.at(-1) ?? 0;
  const older = indices.length > 1 ? (indices[0] ?? 0) : Math.max(0, newer - 1);
  const [left, right] = [history[older], history[newer]];
  if (left === undefined || right === undefined) return;
  if (left === right) await vscode.window.showTextDocument(revisionUri(target, right), { preview: true });
  else {
    const title = `Critique: revision ${left.critique.revision} ↔ revision ${right.critique.revision}`;
    await vscode.commands.executeCommand('vscode.diff', revisionUri(target, left), revisionUri(target, right), title, { preview: true });
  }
}

function historyItem(view: CritiqueRevisionView, index: number): vscode.QuickPickItem & { readonly index: number } {
  const { critique } = view;
  return {
    index,
    label: visibleLabel(revisionText(critique), 80),
    description: `${timeText(critique.createdAt)} · ${outcomeText(view)}`,
    detail: visibleLabel(critique.text, 200),
  };
}

function revisionUri(target: Target, { critique }: CritiqueRevisionView): vscode.Uri {
  return documentUri({ part: 'critique', critiqueId: critique.id, ...target }, `revision ${critique.revision}`);
}
