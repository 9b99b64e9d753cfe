/** Takes the critique out of the training again. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { withdraw } from '../critiques/train.ts';

export const withdrawCritique: CritiqueCommand = {
  id: 'critiqueGrpo.withdrawCritique',
  run: (desk, argument) => onTarget(desk, argument, (target) => withdraw(desk, target)),
};
