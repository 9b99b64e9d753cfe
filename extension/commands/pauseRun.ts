/** Holds a training between two steps; the policy stays loaded, critiques can be tried. */
import type { Command } from '../services.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const pauseRun: Command = {
  id: 'critiqueGrpo.pauseRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, {
      title: 'Pause Training',
      fits: ({ activity }) => activity === 'training' || activity === 'opening',
      none: 'No training is running.',
    });
    if (run === null) return;
    await services.request('run/pause', { runId: run.id });
    services.sync.refreshSoon();
  },
};
