/** What came of critiques: trials, enlistments, and which ones a person should look at. */
import { wilsonInterval } from '../core/stats.ts';
import type { Critique, TrialRecord, Verdict } from '../protocol/records.ts';
import type { CritiqueRevisionView, CritiqueToReview, JudgedRefinement, SuccessRate, Trial } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import { enlistmentOf } from './enlistments.ts';
import { standingFailures } from './failureQueries.ts';
import { judged, select, type RunKey } from './groupQueries.ts';
import { columnsSql, critiqueTable, decode, fieldsOf, refinementTable, trialTable, type Row } from './recordTables.ts';

/** Refinements whose verifier failed count neither as right nor as wrong. */
export function successRate(verdicts: readonly (Verdict | null)[]): SuccessRate {
  const graded = verdicts.filter((verdict) => verdict !== null && verdict.status !== 'failed');
  const right = graded.filter((verdict) => verdict?.status === 'right').length;
  return { right, total: graded.length, interval: wilsonInterval(right, graded.length) };
}

export function trial(connection: Connection, run: RunKey, trialId: string): Trial | null {
  const [record] = select(connection, run, trialTable, 'AND x.id = ?', trialId);
  return record === undefined ? null : trialOf(connection, run, record);
}

/** How many trials of the critique there are. */
export function countTrials(connection: Connection, run: RunKey, critiqueId: string): number {
  return connection.get<{ n: number }>('SELECT count(*) AS n FROM trials WHERE run = ? AND critiqueId = ?', run.number, critiqueId)?.n ?? 0;
}

/** Every revision of a rollout's critiques with its outcome, in order of recording. */
export function critiqueHistory(connection: Connection, run: RunKey, rolloutId: string): CritiqueRevisionView[] {
  const trials = select(connection, run, trialTable, 'AND x.rolloutId = ? ORDER BY x."key"', rolloutId);
  return select(connection, run, critiqueTable, 'AND x.rolloutId = ? ORDER BY x."key"', rolloutId).map((critique) => ({
    critique,
    trials: trials.filter(({ critiqueId }) => critiqueId === critique.id).map((record) => trialOf(connection, run, record)),
    enlistment: enlistmentOf(connection, run, critique.id),
  }));
}

/**
 * Of each problem that still fails, longest streak first: the newest critique that led to no right refinement, when it is newer than what a
 * person wrote about that problem.
 */
export function critiquesToReview(connection: Connection, run: RunKey, limit: number): CritiqueToReview[] {
  const found: CritiqueToReview[] = [];
  for (const { problemId, level, question, solvedStep } of standingFailures(connection, run, 1)) {
    if (found.length >= limit) break;
    const row = connection.get<Row & { readonly factStep: number; readonly right: number; readonly total: number }>(
      `WITH own AS (SELECT "key", step, critiqueKinds FROM rolloutFacts WHERE run = ?1 AND problemId = ?2 AND step > ?3 AND critiqueKinds IS NOT NULL),
         human AS (SELECT ifnull(max(step), -1) AS step FROM own WHERE instr(critiqueKinds, ',human,') > 0)
       SELECT ${columnsSql(fieldsOf(critiqueTable), 'c')}, o.step AS factStep,
         count(v.rolloutId) FILTER (WHERE v.status = 'right') AS right, count(v.rolloutId) FILTER (WHERE v.status <> 'failed') AS total
       FROM own o JOIN human h ON o.step > h.step JOIN rollouts r ON r."key" = o."key"
       JOIN critiques c ON c.run = ?1 AND c.rolloutId = r.id AND c.kind <> 'resample'
       LEFT JOIN refinements m ON m.run = ?1 AND m.rolloutId = c.rolloutId AND m.critiqueId = c.id
       LEFT JOIN verdicts v ON v.run = ?1 AND v.rolloutId = m.id
       GROUP BY c."key" HAVING right = 0 ORDER BY o.step DESC, c."key" DESC LIMIT 1`,
      run.number,
      problemId,
      solvedStep ?? -1,
    );
    if (row !== undefined) {
      const critique: Critique = decode(critiqueTable, row, run.id);
      found.push({ critique, problemId, level, question, step: row.factStep, right: row.right, total: row.total });
    }
  }
  return found;
}

function trialOf(connection: Connection, run: RunKey, { refinementIds, ...record }: TrialRecord): Trial {
  const refinements = refinementIds.flatMap((id): JudgedRefinement[] => {
    return select(connection, run, refinementTable, 'AND x.id = ?', id).map((refinement) => judged(connection, run, refinement));
  });
  return { ...record, refinements, success: successRate(refinements.map(({ verdict }) => verdict)) };
}
