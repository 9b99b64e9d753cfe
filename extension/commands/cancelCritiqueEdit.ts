/** Closes the critique's box; what was changed stays as a draft for the next edit. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';

export const cancelCritiqueEdit: CritiqueCommand = {
  id: 'critiqueGrpo.cancelCritiqueEdit',
  run: (desk, argument) =>
    onTarget(desk, argument, async (target) => {
      const edit = desk.threads.editOf(target);
      if (edit !== null && edit.text !== edit.original && edit.text.trim() !== '') {
        await desk.drafts.keep({ ...target, baseId: edit.baseId, text: edit.text, time: Date.now() });
      }
      desk.threads.leaveEdit(target);
    }),
};
