/** Opens a failed rollout as a document, and picks one where none was named. */
import * as vscode from 'vscode';
import type { StandingFailure } from '../../backend/protocol/views.ts';
import { failureGroups } from '../state/failures.ts';
import { answerLines, lineOfCritique } from './answerLines.ts';
import type { CritiqueDesk } from './desk.ts';
import { failureTitle } from './documentAddress.ts';
import { documentUri } from './documents.ts';
import { critiqueInForce, critiquesOf, type Failure } from './failure.ts';
import { failureText } from './failureText.ts';
import { neighborFailure, type Direction } from './neighborFailure.ts';
import { targetKey, type Target } from './target.ts';
import { visibleLabel } from './visibleText.ts';

/** A tab that the next failure opened takes over. The line that the critique speaks of comes into view. */
export function openFailure(desk: CritiqueDesk, target: Target): Promise<void> {
  return showFailure(desk, target, true);
}

/** A tab that stays. */
export function pinFailure(desk: CritiqueDesk, target: Target): Promise<void> {
  return showFailure(desk, target, false);
}

async function showFailure(desk: CritiqueDesk, target: Target, preview: boolean): Promise<void> {
  const failure = await desk.failures.get(target);
  const uri = failureUri(failure);
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, { preview, viewColumn: columnOf(uri) });
  const line = lineToShow(failure);
  editor.selection = new vscode.Selection(line, 0, line, 0);
  editor.revealRange(new vscode.Range(line, 0, line, 0), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  await desk.threads.refresh(target);
}

/** Lists the run's persistent failures; null when the person picks none. */
export async function pickFailure(desk: CritiqueDesk): Promise<Target | null> {
  const runId = desk.host.currentRun();
  const failures = runId === null ? [] : await desk.host.request('failure/list', { runId });
  const items = inTreeOrder(failures).flatMap(({ newestRolloutId, problemId, level, question, visitsFailed, lastStep }) => {
    if (newestRolloutId === null) return [];
    const description = [level, `failed ${visitsFailed} times in a row`, `step ${lastStep}`].filter((part) => part !== null).join(' · ');
    return [
      {
        label: visibleLabel(problemId, 80),
        description: visibleLabel(description, 120),
        detail: visibleLabel(question, 160),
        rolloutId: newestRolloutId,
      },
    ];
  });
  if (runId === null || items.length === 0) {
    void vscode.window.showInformationMessage(
      runId === null ? 'There is no run yet. Start a training first.' : 'No problem has failed again and again in this run.',
    );
    return null;
  }
  const picked = await vscode.window.showQuickPick(items, { placeHolder: 'Failure to open', matchOnDescription: true, matchOnDetail: true });
  return picked === undefined ? null : { runId, rolloutId: picked.rolloutId };
}

/** Goes from the failure to its neighbor in the list, or to the first (last) from elsewhere. */
export async function openNeighbor(desk: CritiqueDesk, from: Target | null, direction: Direction): Promise<void> {
  const runId = from?.runId ?? desk.host.currentRun();
  if (runId === null) {
    void vscode.window.showInformationMessage('There is no run yet. Start a training first.');
    return;
  }
  const [failures, problemId] = await Promise.all([
    desk.host.request('failure/list', { runId }),
    from === null ? null : desk.failures.get(from).then(({ problem }) => problem.id),
  ]);
  const rolloutId = neighborFailure(inTreeOrder(failures), problemId, direction)?.newestRolloutId ?? null;
  if (rolloutId === null) {
    void vscode.window.showInformationMessage('No problem has failed again and again in this run.');
    return;
  }
  const target = { runId, rolloutId };
  if (from !== null && targetKey(from) === targetKey(target)) void vscode.window.showInformationMessage('This is the only failure in the list.');
  await openFailure(desk, target);
}

/** Where the failure has a tab already; else where the person is. */
export function columnOf(uri: vscode.Uri): vscode.ViewColumn {
  const isShown = ({ input }: vscode.Tab): boolean => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
  const groups = vscode.window.tabGroups.all.filter(({ tabs }) => tabs.some(isShown));
  return (groups.find(({ isActive }) => isActive) ?? groups[0])?.viewColumn ?? vscode.ViewColumn.Active;
}

export function failureUri({ attempt: { rollout } }: Failure): vscode.Uri {
  const { runId, id: rolloutId, problemId, step, index } = rollout;
  return documentUri({ part: 'failure', runId, rolloutId }, failureTitle(problemId, step, index));
}

/** As the sidebar lists them by default. */
function inTreeOrder(failures: readonly StandingFailure[]): readonly StandingFailure[] {
  return failureGroups(failures, 'longestStreak').flatMap((group) => group.failures);
}

function lineToShow(failure: Failure): number {
  const { answerRange } = failureText(failure);
  const critique = critiqueInForce(critiquesOf(failure));
  const line = critique === null ? 0 : lineOfCritique(critique.text, answerLines(failure.attempt.rollout.completion));
  return Math.min(answerRange[0] + line, answerRange[1]);
}
