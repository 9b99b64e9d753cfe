/** Lays the curves of several runs over each other. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { currentRun } from '../state/workbench.ts';
import { chooseRuns, givenRun } from '../ui/quickPicks.ts';

export const compareRuns: Command = {
  id: 'critiqueGrpo.compareRuns',
  async run(services, argument) {
    if ((services.sync.state.runs ?? []).length === 1) {
      void vscode.window.showInformationMessage('There is one run only: train another one to compare it with.');
      return;
    }
    const base = (await givenRun(services, argument)) ?? currentRun(services.sync.state);
    const chosen = await chooseRuns(services, 'Compare Runs', base === null ? [] : [base.id]);
    const first = chosen.find(({ id }) => id === base?.id) ?? chosen[0];
    if (first === undefined) return;
    services.openPanel({ kind: 'run', runId: first.id, overlays: chosen.flatMap(({ id }) => (id === first.id ? [] : [id])) });
  },
};
