/** Critiques by a person that take part in a step: as recorded, so that a step made again has the same ones. */
import type { Problem } from '../protocol/records.ts';
import type { Critiqued } from './critique.ts';
import type { Run } from './run.ts';

export interface WithEnlisted {
  /** The step's own problems, then those that a critique brings in at its first step. */
  readonly problems: readonly Problem[];
  readonly critiqued: readonly Critiqued[];
}

/** A critique brings its problem in at the first step it takes part in; afterwards it counts whenever the problem is drawn. */
export function withEnlisted(run: Run, step: number, drawn: readonly Problem[]): WithEnlisted {
  const enlistments = run.store.activeEnlistments(run.id, step);
  const problems = new Map(drawn.map((problem) => [problem.id, problem]));
  for (const { problemId, fromStep } of enlistments) {
    const problem = fromStep === step ? run.trainProblems.find(({ id }) => id === problemId) : undefined;
    if (problem !== undefined && !problems.has(problemId)) problems.set(problemId, problem);
  }
  const critiqued = enlistments.flatMap(({ critiqueId, rolloutId, problemId }): Critiqued[] => {
    const problem = problems.get(problemId);
    const critique = run.store.critique(run.id, critiqueId);
    const rollout = run.store.attempt(run.id, rolloutId)?.rollout;
    return problem === undefined || critique === null || rollout === undefined ? [] : [{ problem, rollout, critique, isEnlisted: true }];
  });
  return { problems: [...problems.values()], critiqued };
}
