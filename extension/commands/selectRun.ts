/** Chooses the run whose failures and critiques the sidebar shows. */
import type { Command } from '../services.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const selectRun: Command = {
  id: 'critiqueGrpo.selectRun',
  async run(services, argument) {
    const run = await chooseRun(services, argument, {
      title: 'Show Failures Of',
      fits: () => true,
      none: 'There is no run yet. Start a training first.',
    });
    if (run !== null) services.sync.apply({ type: 'select', runId: run.id });
  },
};
