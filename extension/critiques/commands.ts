/** Every command about critiques. */
import { cancelCritiqueEdit } from '../commands/cancelCritiqueEdit.ts';
import { critiqueHistory } from '../commands/critiqueHistory.ts';
import { discardCritiqueEdit } from '../commands/discardCritiqueEdit.ts';
import { editCritique } from '../commands/editCritique.ts';
import { nextFailure } from '../commands/nextFailure.ts';
import { openFailure } from '../commands/openFailure.ts';
import { openLab } from '../commands/openLab.ts';
import { openRefinementDiff } from '../commands/openRefinementDiff.ts';
import { previousFailure } from '../commands/previousFailure.ts';
import { refineCritique } from '../commands/refineCritique.ts';
import { saveCritique } from '../commands/saveCritique.ts';
import { trainOnCritique } from '../commands/trainOnCritique.ts';
import { withdrawCritique } from '../commands/withdrawCritique.ts';
import type { CritiqueCommand } from './command.ts';

export const critiqueCommands: readonly CritiqueCommand[] = [
  openFailure,
  nextFailure,
  previousFailure,
  editCritique,
  saveCritique,
  cancelCritiqueEdit,
  discardCritiqueEdit,
  critiqueHistory,
  refineCritique,
  openRefinementDiff,
  trainOnCritique,
  withdrawCritique,
  openLab,
];
