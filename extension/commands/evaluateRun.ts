/** Scores a run's policy on the held-out problems. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const evaluateRun: Command = {
  id: 'critiqueGrpo.evaluateRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, { title: 'Evaluate', fits: () => true, none: 'There is no run to evaluate.' });
    if (run === null) return;
    const evaluation = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Evaluating ${run.name} on the held-out problems`, cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return services.request('run/evaluate', { runId: run.id }, abort.signal);
      },
    );
    const levels = Object.entries(evaluation.byLevel).map(([level, { passAt1 }]) => `${level} ${passAt1.toFixed(2)}`);
    const [low, high] = evaluation.all.interval;
    const message = `${run.name}: pass@1 ${evaluation.all.passAt1.toFixed(3)} (95 %: ${low.toFixed(2)}–${high.toFixed(2)}) at step ${evaluation.step}; ${levels.join(', ')}.`;
    const open = 'Open Run';
    if ((await vscode.window.showInformationMessage(message, open)) === open) services.openPanel({ kind: 'run', runId: run.id, overlays: [] });
  },
};
