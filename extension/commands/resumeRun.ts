/** Goes on with a paused run, or with a stopped one from its last checkpoint. */
import type { Command } from '../services.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const resumeRun: Command = {
  id: 'critiqueGrpo.resumeRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, {
      title: 'Resume Training',
      fits: ({ state, activity }) => activity === 'paused' || activity === 'pausing' || (activity === null && state !== 'finished'),
      none: 'There is no run to go on with.',
    });
    if (run === null) return;
    services.askForConsentAgain();
    await services.request('run/resume', { runId: run.id });
    services.sync.refreshSoon();
  },
};
