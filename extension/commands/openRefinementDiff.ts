/** Compares the failed answer with a refinement, in the editor's own diff. */
import type { CritiqueCommand } from '../critiques/command.ts';
import { onTarget } from '../critiques/onTarget.ts';
import { openDiff } from '../critiques/refine.ts';

export const openRefinementDiff: CritiqueCommand = {
  id: 'critiqueGrpo.openRefinementDiff',
  run: (desk, argument) => onTarget(desk, argument, (target) => openDiff(desk, target, refinementOf(argument))),
};

function refinementOf(argument: unknown): string | null {
  const isOne = typeof argument === 'object' && argument !== null && 'refinementId' in argument && typeof argument.refinementId === 'string';
  return isOne ? (argument.refinementId as string) : null;
}
