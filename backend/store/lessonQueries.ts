/** What was learned from words: failed answers with their critiques and the refinements that answer them, in order of recording. */
import type { Critique, Problem, Refinement, Rollout } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import { select, type RunKey } from './groupQueries.ts';
import { critiqueTable, problemTable, refinementTable, rolloutTable } from './recordTables.ts';
import type { StandingVerdict, StandingVerdicts } from './standingVerdicts.ts';

export interface Lesson {
  /** Of the refinement; pages are asked for by it. */
  readonly key: number;
  readonly problem: Problem;
  readonly failed: Rollout;
  readonly failedVerdict: StandingVerdict | null;
  readonly critique: Critique;
  readonly refinement: Refinement;
  readonly refinementVerdict: StandingVerdict | null;
  /** Written outside of training, to see what a critique does. */
  readonly isTrial: boolean;
}

export interface LessonPageRequest {
  /** Key of the lesson before; 0 for the first page. */
  readonly after: number;
  readonly limit: number;
  readonly verdicts: StandingVerdicts;
}

/** A refinement whose critique was not kept (a counterfactual one) is no lesson. */
export function lessonPage(
  connection: Connection,
  run: RunKey,
  { after, limit, verdicts }: LessonPageRequest,
): { lessons: Lesson[]; next: number | null } {
  const found = connection.all<{ key: number; id: string; rolloutId: string; critiqueId: string; problemId: string; isTrial: number }>(
    `WITH trialIds AS (SELECT value FROM trials t, json_each(t.refinementIds) WHERE t.run = ?1)
     SELECT m."key", m.id, m.rolloutId, m.critiqueId, m.problemId, m.id IN trialIds AS isTrial
     FROM refinements m WHERE m.run = ?1 AND m."key" > ?2 ORDER BY m."key" LIMIT ?3`,
    run.number,
    after,
    limit,
  );
  const lessons = found.flatMap(({ key, id, rolloutId, critiqueId, problemId, isTrial }): Lesson[] => {
    const [problem] = select(connection, run, problemTable, 'AND x.id = ?', problemId);
    const [failed] = select(connection, run, rolloutTable, 'AND x.id = ?', rolloutId);
    const [critique] = select(connection, run, critiqueTable, 'AND x.id = ?', critiqueId);
    const [refinement] = select(connection, run, refinementTable, 'AND x.id = ?', id);
    if (problem === undefined || failed === undefined || critique === undefined || refinement === undefined) return [];
    const judged = { failedVerdict: verdicts.of(rolloutId), refinementVerdict: verdicts.of(id) };
    return [{ key, problem, failed, critique, refinement, ...judged, isTrial: isTrial === 1 }];
  });
  return { lessons, next: found.length < limit ? null : (found.at(-1)?.key ?? null) };
}
