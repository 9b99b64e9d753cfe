/** Opens a failed rollout as a document; asks which where none is given. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { openFailure as open, pickFailure } from '../critiques/openFailure.ts';
import { targetOf } from '../critiques/target.ts';

export const openFailure: CritiqueCommand = {
  id: 'critiqueGrpo.openFailure',
  async run(desk, argument) {
    const target = targetOf(argument) ?? (await pickFailure(desk));
    if (target !== null) await open(desk, target);
  },
};
