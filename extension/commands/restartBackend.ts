/** Ends the backend in order, with a checkpoint of the run in progress, and starts another. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';

export const restartBackend: Command = {
  id: 'critiqueGrpo.restartBackend',
  run: async ({ backend }) => {
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: 'Restarting the backend' }, () => backend.restart());
  },
};
