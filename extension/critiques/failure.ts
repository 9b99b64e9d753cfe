/** Everything the editor knows of one failed rollout, and what follows from it. */
import type { Critique, Problem } from '../../backend/protocol/records.ts';
import type { Attempt, CritiqueRevisionView, Enlistment, JudgedRefinement } from '../../backend/protocol/views.ts';

export interface Failure {
  readonly attempt: Attempt;
  readonly problem: Problem;
  /** Of the rollout's critiques, oldest first. */
  readonly history: readonly CritiqueRevisionView[];
}

/** The critique that refinements answer: the newest human revision, else the newest of all; null for none. */
export function critiqueInForce(critiques: readonly Critique[]): Critique | null {
  const humans = critiques.filter(({ kind }) => kind === 'human');
  return (humans.length > 0 ? humans : critiques).reduce<Critique | null>(
    (newest, critique) => (newest === null || critique.revision >= newest.revision ? critique : newest),
    null,
  );
}

/** All critiques known, from whichever answer of the backend had them. */
export function critiquesOf({ attempt, history }: Failure): readonly Critique[] {
  const byId = new Map<string, Critique>();
  for (const critique of [...attempt.critiques, ...history.map((view) => view.critique)]) byId.set(critique.id, critique);
  return [...byId.values()];
}

/** Every refinement of the rollout, those of trials too, each once, in order of recording. */
export function refinementsOf({ attempt, history }: Failure): readonly JudgedRefinement[] {
  const byId = new Map<string, JudgedRefinement>();
  const ofTrials = history.flatMap(({ trials }) => trials.flatMap((trial) => trial.refinements));
  for (const judged of [...attempt.refinements, ...ofTrials]) byId.set(judged.refinement.id, judged);
  return [...byId.values()];
}

/** The enlistment that holds now, if any; a later one replaces an earlier one. */
export function enlistmentInForce({ history }: Failure): Enlistment | null {
  const open = history.flatMap(({ enlistment }) => (enlistment !== null && enlistment.untilStep === null ? [enlistment] : []));
  return open.at(-1) ?? null;
}

/** The one worth showing first: the newest right one, else the newest. */
export function refinementToShow(refinements: readonly JudgedRefinement[]): JudgedRefinement | null {
  return refinements.findLast(({ verdict }) => verdict?.status === 'right') ?? refinements.at(-1) ?? null;
}
