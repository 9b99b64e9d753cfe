/** Lets the policy of now refine the failed answer from the critique in force. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { refine } from '../critiques/refine.ts';

export const refineCritique: CritiqueCommand = {
  id: 'critiqueGrpo.refineCritique',
  run: (desk, argument) => onTarget(desk, argument, (target) => refine(desk, target)),
};
