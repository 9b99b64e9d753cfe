/** Lists the revisions of the critique with what came of each, and compares two. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { showHistory } from '../critiques/history.ts';
import { onTarget } from '../critiques/onTarget.ts';

export const critiqueHistory: CritiqueCommand = {
  id: 'critiqueGrpo.critiqueHistory',
  run: (desk, argument) => onTarget(desk, argument, (target) => showHistory(desk, target)),
};
