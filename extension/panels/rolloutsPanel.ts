/** The rollout explorer of a run. */
import type { PanelType } from './panel.ts';

export const rolloutsPanel: PanelType = {
  viewType: 'critiqueGrpo.rollouts',
  icon: 'rollouts',
  title: (_view, name) => `Rollouts · ${name}`,
};
