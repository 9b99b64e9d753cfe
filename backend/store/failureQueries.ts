/** What fails and what helps: problem histories, persistent failures, and the refinement funnel. */
import type { Cause, GroupKind, PersistentFailure } from '../protocol/records.ts';
import type { Funnel, FunnelOfKind, ProblemHistory, ProblemVisit, StandingFailure, StepRange } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import { refinementsOf, select, type RunKey } from './groupQueries.ts';
import { columnsSql, critiqueTable, decode, fieldsOf, persistentFailureTable, problemTable, type Row } from './recordTables.ts';
import { questionOf } from './questions.ts';

/** Oldest first. A problem drawn twice in one step has two visits there that show the counts of both. */
function problemVisits(connection: Connection, run: RunKey, problemId: string): ProblemVisit[] {
  return connection
    .all<ProblemVisit>(
      `SELECT g.step, g.id AS groupId, g.kind, ifnull(sum(f.status = 'right'), 0) AS right, ifnull(sum(f.status = 'wrong'), 0) AS wrong,
         ifnull(sum(f.status = 'failed'), 0) AS failed
       FROM groups g LEFT JOIN rolloutFacts f ON f.run = g.run AND f.problemId = g.problemId AND f.step = g.step
       WHERE g.run = ? AND g.problemId = ? GROUP BY g.step, g.id ORDER BY g.step, g.id`,
      run.number,
      problemId,
    )
    .map((visit) => ({ ...visit }));
}

/** Null for a problem that the run does not have. */
export function problemHistory(connection: Connection, run: RunKey, problemId: string): ProblemHistory | null {
  const [problem] = select(connection, run, problemTable, 'AND x.id = ?', problemId);
  if (problem === undefined) {
    return null;
  }
  const rows = connection.all<Row & { readonly factStep: number }>(
    `SELECT ${columnsSql(fieldsOf(critiqueTable), 'c')}, f.step AS factStep
     FROM rolloutFacts f JOIN rollouts r ON r."key" = f."key" JOIN critiques c ON c.run = f.run AND c.rolloutId = r.id
     WHERE f.run = ? AND f.problemId = ? ORDER BY c."key"`,
    run.number,
    problemId,
  );
  return {
    problem,
    visits: problemVisits(connection, run, problemId),
    critiques: rows.map((row) => {
      const critique = decode(critiqueTable, row, run.id);
      const refinements = refinementsOf(connection, run, critique.rolloutId).filter(({ refinement }) => refinement.critiqueId === critique.id);
      return { critique, step: row.factStep, refinements };
    }),
  };
}

/** Longest streak first. `visits` is the length a streak must have to count. */
export function standingFailures(connection: Connection, run: RunKey, visits: number): StandingFailure[] {
  interface Streak extends Pick<StandingFailure, 'problemId' | 'level' | 'visitsFailed' | 'lastStep' | 'solvedStep' | 'newestRolloutId'> {
    readonly prompt: string | null;
    readonly lastKind: GroupKind;
  }
  const streaks = connection.all<Streak>(
    `WITH solved AS (SELECT problemId, max(step) AS step FROM groups WHERE run = ?1 AND kind IN ('allRight', 'mixed') GROUP BY problemId)
     SELECT g.problemId, p.level, p.prompt, count(*) AS visitsFailed, s.step AS solvedStep, max(g.step) AS lastStep,
       g.kind AS lastKind, -- of the row with max(g.step)
       (SELECT r.id FROM rolloutFacts f JOIN rollouts r ON r."key" = f."key"
         WHERE f.run = ?1 AND f.problemId = g.problemId AND f.status = 'wrong' AND f.step > ifnull(s.step, -1)
         ORDER BY f.step DESC, f.critiqueKinds IS NULL, f."key" LIMIT 1) AS newestRolloutId
     FROM groups g LEFT JOIN solved s ON s.problemId = g.problemId LEFT JOIN problems p ON p.run = g.run AND p.id = g.problemId
     WHERE g.run = ?1 AND g.step > ifnull(s.step, -1) GROUP BY g.problemId HAVING count(*) >= ?2
     ORDER BY visitsFailed DESC, g.problemId`,
    run.number,
    visits,
  );
  return streaks.map(({ prompt, lastKind, ...streak }) => {
    const counts = connection.all<{ cause: Cause | null; n: number }>(
      'SELECT cause, count(*) AS n FROM rolloutFacts WHERE run = ? AND problemId = ? AND step > ? AND step <= ? GROUP BY cause',
      run.number,
      streak.problemId,
      streak.solvedStep ?? -1,
      streak.lastStep,
    );
    return {
      ...streak,
      question: questionOf(prompt),
      causes: Object.fromEntries(counts.flatMap(({ cause, n }) => (cause === null ? [] : [[cause, n]]))),
      attempts: counts.reduce((sum, { n }) => sum + n, 0),
      rescued: lastKind === 'rescued',
    };
  });
}

/** Those that an evaluation counted and recorded at `step`; by default at the newest step that has any. */
export function recordedFailures(connection: Connection, run: RunKey, step?: number): PersistentFailure[] {
  const newest = '(SELECT max(step) FROM persistentFailures WHERE run = x.run)';
  return step === undefined
    ? select(connection, run, persistentFailureTable, `AND x.step = ${newest} ORDER BY x.problemId`)
    : select(connection, run, persistentFailureTable, 'AND x.step = ? ORDER BY x.problemId', step);
}

/** Of what happened in training; trials do not count. */
export function refinementFunnel(connection: Connection, run: RunKey, { fromStep = 0, toStep = Number.MAX_SAFE_INTEGER }: StepRange = {}): Funnel {
  const wrong = connection.get<{ n: number }>(
    `SELECT count(*) AS n FROM rolloutFacts WHERE run = ? AND status = 'wrong' AND +step BETWEEN ? AND ?`,
    run.number,
    fromStep,
    toStep,
  );
  const kinds = connection.all<FunnelOfKind>(
    `WITH trialIds AS (SELECT value FROM trials t, json_each(t.refinementIds) WHERE t.run = ?1), answered AS (
       SELECT c.kind, r."key", f.problemId, f.groupKind IN ('allWrong', 'rescued') AS hopeless, m.id IS NOT NULL AS refined,
         v.status IS 'right' AS isRight,
        EXISTS (SELECT 1 FROM audits a WHERE a.run = c.run AND a.id IN (c.id, m.id)) AS isFlagged
       FROM critiques c
       JOIN rollouts r ON r.run = c.run AND r.id = c.rolloutId
       JOIN rolloutFacts f ON f.run = r.run AND f."key" = r."key"
       LEFT JOIN refinements m ON m.run = c.run AND m.rolloutId = c.rolloutId AND m.critiqueId = c.id AND m.id NOT IN trialIds
       LEFT JOIN verdicts v ON v.run = m.run AND v.rolloutId = m.id
       WHERE c.run = ?1 AND +f.step BETWEEN ?2 AND ?3)
     SELECT kind, count(DISTINCT "key") AS critiqued, count(DISTINCT iif(refined, "key", NULL)) AS refined,
       count(DISTINCT iif(isRight, "key", NULL)) AS refinedRight, count(DISTINCT iif(hopeless, problemId, NULL)) AS problems,
       count(DISTINCT iif(hopeless AND isRight, problemId, NULL)) AS problemsRescued, count(DISTINCT iif(isFlagged, "key", NULL)) AS flagged,
       count(DISTINCT iif(isRight AND NOT isFlagged, "key", NULL)) AS refinedRightUnflagged,
       count(DISTINCT iif(hopeless AND isRight AND NOT isFlagged, problemId, NULL)) AS problemsRescuedUnflagged
     FROM answered GROUP BY kind ORDER BY kind`,
    run.number,
    fromStep,
    toStep,
  );
  return { wrong: wrong?.n ?? 0, kinds: kinds.map((row) => ({ ...row })) };
}
