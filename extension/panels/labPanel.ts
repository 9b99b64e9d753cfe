/** Several critics on the same failed answer. */
import type { PanelType } from './panel.ts';

export const labPanel: PanelType = {
  viewType: 'critiqueGrpo.lab',
  icon: 'lab',
  title: (_view, name) => `Critics · ${name}`,
};
