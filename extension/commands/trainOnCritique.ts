/** Lets the running training learn from the critique in force. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { trainOn } from '../critiques/train.ts';

export const trainOnCritique: CritiqueCommand = {
  id: 'critiqueGrpo.trainOnCritique',
  run: (desk, argument) => onTarget(desk, argument, (target) => trainOn(desk, target)),
};
