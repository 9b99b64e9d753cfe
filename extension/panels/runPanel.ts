/** The dashboard of a run. */
import type { PanelType } from './panel.ts';

export const runPanel: PanelType = {
  viewType: 'critiqueGrpo.run',
  icon: 'run',
  title: (_view, name) => name,
};
