/** A person says whether an answer in doubt is right. It is kept beside the verdict; no reward that was given changes. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { DoubtItem } from '../trees/doubtsTree.ts';

export const settleRight: Command = settle('critiqueGrpo.settleRight', 'right');
export const settleWrong: Command = settle('critiqueGrpo.settleWrong', 'wrong');

function settle(id: string, status: 'right' | 'wrong'): Command {
  return {
    id,
    async run(services, argument) {
      if (!(argument instanceof DoubtItem)) {
        await vscode.commands.executeCommand('critiqueGrpo.doubts.focus');
        return;
      }
      const { runId, rolloutId } = argument;
      await services.request('verifier/settle', { runId, rolloutId, status, author: services.settings().author });
      services.sync.refreshSoon();
    },
  };
}
