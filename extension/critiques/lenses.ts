/** The lines of actions above a failed answer. */
import { critiqueInForce, critiquesOf, enlistmentInForce, type Failure } from './failure.ts';

export interface Lens {
  readonly title: string;
  readonly command: string;
}

export function lensesOf(failure: Failure): readonly Lens[] {
  const inForce = critiqueInForce(critiquesOf(failure));
  const compare = { title: '$(beaker) Compare critics…', command: 'critiqueGrpo.openLab' };
  const next = { title: '$(arrow-down) Next failure', command: 'critiqueGrpo.nextFailure' };
  if (inForce === null) return [{ title: '$(add) Write a critique', command: 'critiqueGrpo.editCritique' }, compare, next];
  const isEnlisted = enlistmentInForce(failure)?.critiqueId === inForce.id;
  return [
    { title: '$(edit) Edit critique', command: 'critiqueGrpo.editCritique' },
    { title: '$(sync) Refine again', command: 'critiqueGrpo.refineCritique' },
    isEnlisted
      ? { title: '$(circle-slash) Withdraw from training', command: 'critiqueGrpo.withdrawCritique' }
      : { title: '$(mortar-board) Train on this', command: 'critiqueGrpo.trainOnCritique' },
    compare,
    next,
  ];
}
