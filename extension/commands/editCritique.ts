/** Opens the box of the critique in force, or of a first critique, beside the answer. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { pinFailure } from '../critiques/openFailure.ts';

export const editCritique: CritiqueCommand = {
  id: 'critiqueGrpo.editCritique',
  run: (desk, argument) =>
    onTarget(desk, argument, async (target) => {
      await pinFailure(desk, target);
      await desk.threads.edit(target);
    }),
};
