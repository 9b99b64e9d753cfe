/** Opens the page of an experiment: its grid, results, curves. */
import type { Command } from '../services.ts';
import { chooseExperiment, offerNewFile } from '../ui/experiments.ts';

export const openExperiment: Command = {
  id: 'critiqueGrpo.openExperiment',
  async run(services, argument) {
    const experiment = await chooseExperiment(services, argument, {
      title: 'Open Experiment',
      fits: () => true,
      none: () => offerNewFile('There is no experiment yet. Write an experiment file and start it.'),
    });
    if (experiment !== null) services.openPanel({ kind: 'experiment', experimentId: experiment.id });
  },
};
