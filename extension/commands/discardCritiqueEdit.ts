/** Closes the critique's box and forgets the draft. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { discard } from '../critiques/saveCritique.ts';

export const discardCritiqueEdit: CritiqueCommand = {
  id: 'critiqueGrpo.discardCritiqueEdit',
  run: (desk, argument) =>
    onTarget(desk, argument, async (target) => {
      await discard(desk, target);
      disposeThreadOf(argument);
    }),
};

/** The editor's own box lies in a thread that nobody else disposes of. */
function disposeThreadOf(argument: unknown): void {
  if (typeof argument === 'object' && argument !== null && 'text' in argument && 'thread' in argument)
    (argument.thread as { dispose(): void }).dispose();
}
