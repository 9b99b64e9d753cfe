/** Shows what the critic of a run file would be asked about a failed answer, before anyone is asked or paid. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { targetOfUri } from '../critiques/target.ts';
import type { Command } from '../services.ts';
import { criticPreviewText } from '../state/criticPreviewText.ts';
import { chooseRunFile } from '../ui/runFiles.ts';

export const previewCritic: Command = {
  id: 'critiqueGrpo.previewCritic',
  async run(services, argument) {
    const file = await chooseRunFile(argument);
    if (file === null) return;
    const text = (await vscode.workspace.openTextDocument(file)).getText();
    const [shown] = vscode.window.visibleTextEditors.flatMap(({ document }) => targetOfUri(document.uri) ?? []);
    const source = { file: { path: file.fsPath, text } };
    const preview = await services.request('critic/preview', { source, ...(shown === undefined ? {} : { rollout: shown }) });
    await services.views.show(`Critic of ${basename(file.path)}`, criticPreviewText(preview));
  },
};
