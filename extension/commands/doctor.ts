/** Checks machine, model, data and engine before anything is trained, and says what to do about what is wrong. */
import * as vscode from 'vscode';
import type { CheckResult } from '../../backend/protocol/views.ts';
import type { Command } from '../services.ts';

const icons: Readonly<Record<CheckResult['status'], string>> = { ok: 'pass', warning: 'warning', failed: 'error', skipped: 'circle-slash' };

export const doctor: Command = {
  id: 'critiqueGrpo.doctor',
  async run(services, argument) {
    const source =
      argument instanceof vscode.Uri
        ? { file: { path: argument.fsPath, text: (await vscode.workspace.openTextDocument(argument)).getText() } }
        : { preset: 'demo' };
    const results = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: 'Checking machine, model, data and engine', cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return services.request('workspace/doctor', { source }, abort.signal);
      },
    );
    for (const { name, status, detail, remedy } of results) services.log.info(`doctor: ${name} ${status}: ${detail} ${remedy ?? ''}`);
    const failed = results.filter(({ status }) => status === 'failed').length;
    const title = failed === 0 ? 'Doctor: ready to train' : `Doctor: ${failed} of ${results.length} checks failed`;
    const items = results.map(({ name, status, detail, remedy }) => ({
      label: `$(${icons[status]}) ${name}`,
      description: detail,
      ...(remedy === null ? {} : { detail: remedy }),
    }));
    await vscode.window.showQuickPick(items, { title, placeHolder: 'Escape closes the list; it is in the log too', matchOnDescription: true });
  },
};
