/** Pauses the experiment that is running: its run in progress writes a checkpoint, and it can be gone on with. */
import * as vscode from 'vscode';
import type { Command } from '../services.ts';
import { chooseExperiment } from '../ui/experiments.ts';

export const pauseExperiment: Command = {
  id: 'critiqueGrpo.pauseExperiment',
  async run(services, argument) {
    const experiment = await chooseExperiment(services, argument, {
      title: 'Pause Experiment',
      fits: ({ isRunning }) => isRunning,
      none: async () => void (await vscode.window.showInformationMessage('No experiment is running.')),
    });
    if (experiment === null) return;
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: `Pausing ${experiment.name}` }, () =>
      services.request('experiment/pause', { id: experiment.id }),
    );
  },
};
