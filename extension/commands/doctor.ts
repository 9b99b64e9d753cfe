/** Checks machine, model, data and engine before anything is trained, and says what to do about what is wrong. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { CheckResult } from '../../backend/protocol/views.ts';
import type { Command } from '../services.ts';
import { allRunFiles, openRunFile } from '../ui/runFiles.ts';
import { folderText } from '../ui/places.ts';

const icons: Readonly<Record<CheckResult['status'], string>> = { ok: 'pass', warning: 'warning', failed: 'error', skipped: 'circle-slash' };

export const doctor: Command = {
  id: 'critiqueGrpo.doctor',
  async run(services, argument) {
    const file = argument instanceof vscode.Uri ? argument : await chooseSubject();
    if (file === undefined) return;
    const source =
      file === null ? { preset: 'demo' } : { file: { path: file.fsPath, text: (await vscode.workspace.openTextDocument(file)).getText() } };
    const subject = file === null ? 'the demonstration' : basename(file.path);
    const results = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Checking machine, model, data and engine for ${subject}`, cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return services.request('workspace/doctor', { source }, abort.signal);
      },
    );
    for (const { name, status, detail, remedy } of results) services.log.info(`doctor: ${name} ${status}: ${detail} ${remedy ?? ''}`);
    const failed = results.filter(({ status }) => status === 'failed').length;
    const title = failed === 0 ? `Doctor: ready to train ${subject}` : `Doctor: ${failed} of ${results.length} checks failed for ${subject}`;
    const items = results.map(({ name, status, detail, remedy }) => ({
      label: `$(${icons[status]}) ${name}`,
      description: detail,
      ...(remedy === null ? {} : { detail: remedy }),
    }));
    await vscode.window.showQuickPick(items, { title, placeHolder: 'Escape closes the list; it is in the log too', matchOnDescription: true });
  },
};

/** The run file that is open, else the only one, else what the person picks; null for the demonstration, undefined for nothing. */
async function chooseSubject(): Promise<vscode.Uri | null | undefined> {
  const open = openRunFile();
  if (open !== null) return open;
  const files = await allRunFiles();
  if (files.length <= 1) return files[0] ?? null;
  const items = [
    ...files.map((uri) => ({ label: `$(file-code) ${basename(uri.path)}`, description: folderText(uri), uri })),
    { label: '$(beaker) The demonstration', uri: null },
  ];
  return (await vscode.window.showQuickPick(items, { title: 'Doctor', placeHolder: 'What to check', matchOnDescription: true }))?.uri;
}
