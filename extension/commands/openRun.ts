/** Opens the dashboard of a run, and makes it the run that the sidebar speaks of. */
import type { Command } from '../services.ts';
import { currentRun } from '../state/workbench.ts';
import { chooseRun } from '../ui/quickPicks.ts';

export const openRun: Command = {
  id: 'critiqueGrpo.openRun',
  async run(services, argument) {
    const fallback = argument ?? currentRun(services.sync.state)?.id;
    const run = await chooseRun(services, fallback, { title: 'Open Run', fits: () => true, none: 'There is no run yet. Start a training first.' });
    if (run === null) return;
    services.sync.apply({ type: 'select', runId: run.id });
    services.openPanel({ kind: 'run', runId: run.id, overlays: [] });
  },
};
