/** Opens the rollout explorer of a run. */
import type { Command } from '../services.ts';
import { currentRun } from '../state/workbench.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const openRollouts: Command = {
  id: 'critiqueGrpo.openRollouts',
  async run(services, argument) {
    const fallback = argument ?? currentRun(services.sync.state)?.id;
    const run = await chooseRun(services, fallback, {
      title: 'Open Rollouts',
      fits: () => true,
      none: 'There is no run yet. Start a training first.',
    });
    if (run !== null) services.openPanel({ kind: 'rollouts', runId: run.id, filter: {}, open: null });
  },
};
