/** Opens the comparison of critics for a failed answer. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';

export const openLab: CritiqueCommand = {
  id: 'critiqueGrpo.openLab',
  run: (desk, argument) =>
    onTarget(desk, argument, (target) => {
      desk.host.openPanel({ kind: 'lab', ...target });
      return Promise.resolve();
    }),
};
