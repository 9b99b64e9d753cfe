/** The webview panels, and what their pages' buttons lead to. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { errorDataOf } from '../backend/errors.ts';
import type { CritiqueDesk } from '../critiques/desk.ts';
import { openFailure } from '../critiques/openFailure.ts';
import { openDiff } from '../critiques/refine.ts';
import { saveAsNewest } from '../critiques/saveCritique.ts';
import { trainOn } from '../critiques/train.ts';
import type { Services } from '../services.ts';
import { doAction, type ActionHost } from './actions.ts';
import { Panels } from './panels.ts';

/** The caller passes on what the backend tells. */
export function registerPanels(services: Services, desk: CritiqueDesk): Panels {
  const { context, backend, log, sync } = services;
  const actions: ActionHost = {
    openFailure: (target) => openFailure(desk, target),
    openDiff: (target, refinementId) => openDiff(desk, target, refinementId),
    openPanel: (view) => services.openPanel(view),
    trainOnText: async (target, text) => {
      await saveAsNewest(desk, target, text);
      await trainOn(desk, target);
    },
    runCommand: async (command, runId) => {
      await vscode.commands.executeCommand(command, { runId });
    },
    copyText: async (text) => {
      await vscode.env.clipboard.writeText(text);
    },
    openReport: async (experimentId) => {
      const { folder } = await services.request('experiment/report', { id: experimentId });
      await vscode.window.showTextDocument(vscode.Uri.file(join(folder, 'report.md')), { preview: false });
    },
    showError: (error) => services.showError(error),
  };
  const panels = new Panels({
    extensionUri: context.extensionUri,
    memory: context.workspaceState,
    runName: (runId) => sync.state.runs?.find(({ id }) => id === runId)?.name ?? runId,
    request: (method, params, signal) => services.request(method, params, signal),
    errorData: errorDataOf,
    act: (action) => void doAction(action, actions),
    connection: () => backend.connection,
    warn: (message) => log.warn(message),
  });
  context.subscriptions.push(
    panels,
    sync.onChange((state, before) => {
      if (state.runs !== before.runs) panels.namesChanged();
    }),
  );
  return panels;
}
