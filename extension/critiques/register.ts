/** Critiques in the editor: documents, threads, lenses and commands. */
import * as vscode from 'vscode';
import { errorText } from '../backend/errors.ts';
import type { Services } from '../services.ts';
import { critiqueCommands } from './commands.ts';
import { openDesk, type OpenDesk } from './openDesk.ts';

/** The caller passes on what the backend tells. */
export function registerCritiques(services: Services): OpenDesk {
  const { context, log, sync } = services;
  const open = openDesk(context, {
    request: (method, params, signal) => services.request(method, params, signal),
    settings: () => services.settings(),
    showError: (error) => services.showError(error),
    messageOf: errorText,
    warn: (message) => log.warn(message),
    currentRun: () => sync.state.currentRunId,
    openPanel: (view) => services.openPanel(view),
  });
  for (const { id, run } of critiqueCommands) {
    const handler = async (argument: unknown): Promise<void> => {
      try {
        await run(open.desk, argument);
      } catch (error) {
        services.showError(error);
      }
    };
    context.subscriptions.push(vscode.commands.registerCommand(id, handler));
  }
  return open;
}
