/** Ends a training with a checkpoint; it can be resumed. */
import type { Command } from '../services.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const stopRun: Command = {
  id: 'critiqueGrpo.stopRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, {
      title: 'Stop Training',
      fits: ({ activity }) => activity !== null,
      none: 'No training is running.',
    });
    if (run === null) return;
    await services.request('run/stop', { runId: run.id });
    services.sync.refreshSoon();
  },
};
