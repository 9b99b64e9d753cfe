/** The grid of an experiment, its tables and charts. */
import type { PanelType } from './panel.ts';

export const experimentPanel: PanelType = {
  viewType: 'critiqueGrpo.experiment',
  icon: 'experiment',
  title: (_view, name) => `Experiment · ${name}`,
};
