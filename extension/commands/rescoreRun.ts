/** Grades everything that a run recorded again, and shows which verdicts and groups would have been others. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { rescoreText } from '../state/rescoreText.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const rescoreRun: Command = {
  id: 'critiqueGrpo.rescoreRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, { title: 'Score Again', fits: () => true, none: 'There is no run to score again.' });
    if (run === null) return;
    const verifier = await vscode.window.showInputBox({
      title: `Score ${run.name} Again`,
      prompt: 'Verifier, or the path of a reward function. The old verdicts stay.',
      value: run.config.verifier,
      validateInput: (text) => (text.trim() === '' ? 'Name a verifier.' : null),
    });
    if (verifier === undefined) return;
    const report = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Scoring ${run.name} again with ${verifier}`, cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return services.request('run/rescore', { runId: run.id, verifier: verifier.trim() }, abort.signal);
      },
    );
    services.sync.refreshSoon();
    await services.views.show(`${run.name} scored again`, rescoreText(run.name, report));
  },
};
