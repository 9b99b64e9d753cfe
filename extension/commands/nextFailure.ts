/** Opens the failure behind the one in the editor. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { openNeighbor } from '../critiques/openFailure.ts';

export const nextFailure: CritiqueCommand = {
  id: 'critiqueGrpo.nextFailure',
  run: (desk, argument) => openNeighbor(desk, desk.targetOf(argument), 'next'),
};
