/** Shows how problems are read, of a run file or of a data file: layout, levels, the first ones, broken rows. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { RunSource } from '../../backend/protocol/methods.ts';
import type { Command } from '../services.ts';
import { dataPreviewText } from '../state/dataPreviewText.ts';
import { chooseRunFile, isRunFile } from '../ui/runFiles.ts';

export const previewData: Command = {
  id: 'critiqueGrpo.previewData',
  async run(services, argument) {
    const file = await chooseRunFile(argument);
    if (file === null) return;
    const source: RunSource = isRunFile(file)
      ? { file: { path: file.fsPath, text: (await vscode.workspace.openTextDocument(file)).getText() } }
      : { overrides: { 'data.train': file.fsPath } };
    const preview = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `Reading the problems of ${basename(file.path)}`, cancellable: true },
      (_progress, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return services.request('data/preview', { source }, abort.signal);
      },
    );
    const title = `Problems of ${basename(file.path)}`;
    await services.views.show(title, dataPreviewText(title, preview));
  },
};
