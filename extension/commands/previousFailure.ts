/** Opens the failure before the one in the editor. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { openNeighbor } from '../critiques/openFailure.ts';

export const previousFailure: CritiqueCommand = {
  id: 'critiqueGrpo.previousFailure',
  run: (desk, argument) => openNeighbor(desk, desk.targetOf(argument), 'previous'),
};
