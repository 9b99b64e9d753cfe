/** Saves the critique in the box as the next revision, and lets the policy refine from it at once. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { saveAndRefine } from '../critiques/saveCritique.ts';

export const saveCritique: CritiqueCommand = {
  id: 'critiqueGrpo.saveCritique',
  run: (desk, argument) =>
    onTarget(desk, argument, async (target) => {
      const reply = replyOf(argument);
      const edited = reply === null ? desk.threads.editOf(target) : { baseId: null, text: reply.text };
      if (edited === null) return;
      const isUnchanged = 'original' in edited && edited.text === edited.original;
      if (isUnchanged) desk.threads.leaveEdit(target);
      else await saveAndRefine(desk, target, edited, () => reply?.thread.dispose());
    }),
};

/** A first critique may also come from the editor's own box, in a thread that the editor made. */
function replyOf(argument: unknown): { readonly text: string; readonly thread: { dispose(): void } } | null {
  return typeof argument === 'object' && argument !== null && 'text' in argument && 'thread' in argument
    ? (argument as { text: string; thread: { dispose(): void } })
    : null;
}
