/** Puts a critique into the running training, and takes it out again. */
import * as vscode from 'vscode';
import type { CritiqueDesk } from './desk.ts';
import { critiqueInForce, critiquesOf, enlistmentInForce } from './failure.ts';
import type { Target } from './target.ts';

/** Enlists the critique in force: from the answered step on, the problem's group has a refinement that answers it. */
export async function trainOn(desk: CritiqueDesk, target: Target): Promise<void> {
  const critique = critiqueInForce(critiquesOf(await desk.failures.get(target)));
  if (critique === null) {
    void vscode.window.showInformationMessage('This answer has no critique yet. Write one first.');
    return;
  }
  try {
    const { author } = desk.host.settings();
    const enlistment = await desk.host.request('critique/enlist', { runId: target.runId, critiqueId: critique.id, author });
    vscode.window.setStatusBarMessage(`Trains on revision ${critique.revision} from step ${enlistment.fromStep}`, 5000);
  } catch (error) {
    desk.host.showError(error);
  }
  await desk.changed(target);
}

export async function withdraw(desk: CritiqueDesk, target: Target): Promise<void> {
  const enlistment = enlistmentInForce(await desk.failures.get(target));
  if (enlistment === null) {
    void vscode.window.showInformationMessage('The training does not learn from a critique of this answer.');
    return;
  }
  try {
    const { untilStep } = await desk.host.request('critique/withdraw', { runId: target.runId, critiqueId: enlistment.critiqueId });
    vscode.window.setStatusBarMessage(`No longer trained on from step ${untilStep ?? 'the next'}`, 5000);
  } catch (error) {
    desk.host.showError(error);
  }
  await desk.changed(target);
}
