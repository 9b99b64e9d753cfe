/** What fails and what helps: problem histories, persistent failures, and the refinement funnel. */
import type { Cause, CritiqueKind, GroupKind, PersistentFailure } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import { select, type RunKey } from './groupQueries.ts';
import { persistentFailureTable } from './recordTables.ts';

/** One visit of a problem: its group at one step. */
export interface ProblemVisit {
  readonly step: number;
  readonly groupId: string;
  readonly kind: GroupKind;
  readonly right: number;
  readonly wrong: number;
  readonly failed: number;
}

/** Oldest first. A problem drawn twice in one step has two visits there that show the counts of both. */
export function problemHistory(connection: Connection, run: RunKey, problemId: string): ProblemVisit[] {
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

/** A problem whose every rollout was wrong in each of its last visits. */
export interface StandingFailure {
  readonly problemId: string;
  readonly level: string | null;
  /** Visits in a row, up to now, without a right rollout. */
  readonly visitsFailed: number;
  readonly lastStep: number;
  /** Of the failed streak: rollouts by cause. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
  readonly attempts: number;
  /** In the last visit a refinement was right. */
  readonly rescued: boolean;
}

/** Longest streak first. `visits` is the length a streak must have to count. */
export function standingFailures(connection: Connection, run: RunKey, visits: number): StandingFailure[] {
  interface Streak extends Omit<StandingFailure, 'causes' | 'rescued' | 'attempts'> {
    /** Of the last visit with a right rollout; −1 for none. */
    readonly solvedStep: number;
    readonly lastKind: GroupKind;
  }
  const streaks = connection.all<Streak>(
    `WITH solved AS (SELECT problemId, max(step) AS step FROM groups WHERE run = ?1 AND kind IN ('allRight', 'mixed') GROUP BY problemId)
     SELECT g.problemId, p.level, count(*) AS visitsFailed, ifnull(s.step, -1) AS solvedStep, max(g.step) AS lastStep,
       g.kind AS lastKind -- of the row with max(g.step)
     FROM groups g LEFT JOIN solved s ON s.problemId = g.problemId LEFT JOIN problems p ON p.run = g.run AND p.id = g.problemId
     WHERE g.run = ?1 AND g.step > ifnull(s.step, -1) GROUP BY g.problemId HAVING count(*) >= ?2
     ORDER BY visitsFailed DESC, g.problemId`,
    run.number,
    visits,
  );
  return streaks.map(({ problemId, level, visitsFailed, lastStep, lastKind, solvedStep }) => {
    const counts = connection.all<{ cause: Cause | null; n: number }>(
      'SELECT cause, count(*) AS n FROM rolloutFacts WHERE run = ? AND problemId = ? AND step > ? AND step <= ? GROUP BY cause',
      run.number,
      problemId,
      solvedStep,
      lastStep,
    );
    return {
      problemId,
      level,
      visitsFailed,
      lastStep,
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

/** What critiques of one kind led to. Every count is of distinct things. */
export interface FunnelOfKind {
  readonly kind: CritiqueKind;
  /** Rollouts with a critique of this kind. */
  readonly critiqued: number;
  /** Of those: with a refinement that answers it. */
  readonly refined: number;
  /** Of those: with a right one. */
  readonly refinedRight: number;
  /** Problems with a critiqued rollout in a group without a right rollout. */
  readonly problems: number;
  /** Of those: with a right refinement in such a group. */
  readonly problemsRescued: number;
}

export interface Funnel {
  /** Wrong rollouts, critiqued or not. */
  readonly wrong: number;
  readonly kinds: readonly FunnelOfKind[];
}

export interface StepRange {
  readonly fromStep?: number;
  readonly toStep?: number;
}

export function refinementFunnel(connection: Connection, run: RunKey, { fromStep = 0, toStep = Number.MAX_SAFE_INTEGER }: StepRange = {}): Funnel {
  const wrong = connection.get<{ n: number }>(
    `SELECT count(*) AS n FROM rolloutFacts WHERE run = ? AND status = 'wrong' AND +step BETWEEN ? AND ?`,
    run.number,
    fromStep,
    toStep,
  );
  const kinds = connection.all<FunnelOfKind>(
    `WITH answered AS (
       SELECT c.kind, r."key", f.problemId, f.groupKind IN ('allWrong', 'rescued') AS hopeless, m.id IS NOT NULL AS refined,
         v.status IS 'right' AS isRight
       FROM critiques c
       JOIN rollouts r ON r.run = c.run AND r.id = c.rolloutId
       JOIN rolloutFacts f ON f.run = r.run AND f."key" = r."key"
       LEFT JOIN refinements m ON m.run = c.run AND m.rolloutId = c.rolloutId AND m.critiqueId = c.id
       LEFT JOIN verdicts v ON v.run = m.run AND v.rolloutId = m.id
       WHERE c.run = ? AND +f.step BETWEEN ? AND ?)
     SELECT kind, count(DISTINCT "key") AS critiqued, count(DISTINCT iif(refined, "key", NULL)) AS refined,
       count(DISTINCT iif(isRight, "key", NULL)) AS refinedRight, count(DISTINCT iif(hopeless, problemId, NULL)) AS problems,
       count(DISTINCT iif(hopeless AND isRight, problemId, NULL)) AS problemsRescued
     FROM answered GROUP BY kind ORDER BY kind`,
    run.number,
    fromStep,
    toStep,
  );
  return { wrong: wrong?.n ?? 0, kinds: kinds.map((row) => ({ ...row })) };
}
