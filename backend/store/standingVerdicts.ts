/**
 * The verdict on an answer as it stands now: what a person settled, else what the newest whole rescoring said, else what the run recorded. A later
 * judge that failed has said nothing, so the verdict before it stands; a rescoring that was given up halfway counts for nothing.
 */
import type { Verdict } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import type { RunKey } from './groupQueries.ts';
import { decode, verdictTable, type Row } from './recordTables.ts';
import { rescorings } from './rescorings.ts';

/** `original`: what the run trained on, whatever was said since. */
export type VerdictChoice = 'current' | 'original';

/** Who the verdict is by, besides what it says. */
export interface VerdictOrigin {
  readonly source: 'run' | 'rescored' | 'settled';
  /** The verifier; of a settled verdict the person. */
  readonly by: string;
}

export interface StandingVerdict extends VerdictOrigin {
  /** A settled one keeps the reward of the judge who said the same, and is otherwise worth 1 or 0. */
  readonly verdict: Verdict;
}

/** A problem that failed whenever it came since it was last solved. */
export interface FailingProblem {
  readonly problemId: string;
  readonly attempts: number;
  readonly visitsFailed: number;
  /** How many of the attempts are judged by whom. */
  readonly verdicts: Readonly<Record<VerdictOrigin['source'], number>>;
  /** Names of those who settled one of them, sorted. */
  readonly settledBy: readonly string[];
}

/** The numbers of a step that come from verdicts, named as the step's own metrics. */
export interface StepVerdicts {
  readonly step: number;
  /** Answers whose verdict has another status or reward than the run trained on. */
  readonly changed: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Of every answer with a verdict. Parameters: ?1 the run's number, ?2 the rescoring that counts ('' for none), ?3 whether settlements count. */
const standingSql = `standing AS NOT MATERIALIZED (
  SELECT v.rolloutId, v.status <> 'failed' AS wasGraded,
    CASE WHEN t."key" IS NOT NULL THEN 'settled' WHEN n.rolloutId IS NOT NULL THEN 'rescored' ELSE 'run' END AS source,
    coalesce(t.author, n.verifier, v.verifier) AS "by", coalesce(n.verifier, v.verifier) AS verifier,
    coalesce(t.status, n.status, v.status) AS status,
    CASE WHEN t.status <> ifnull(n.status, v.status) THEN iif(t.status = 'right', 1.0, 0.0) ELSE ifnull(n.reward, v.reward) END AS reward,
    iif(n.rolloutId IS NULL, v.extracted, n.extracted) AS extracted,
    iif(t."key" IS NOT NULL, 'Settled by ' || t.author || iif(t.note = '', '.', ': ' || t.note), ifnull(n.reason, v.reason)) AS reason,
    CASE WHEN coalesce(t.status, n.status, v.status) = 'right' THEN NULL
      WHEN t.status = 'wrong' THEN coalesce(nullif(iif(n.rolloutId IS NULL, v.cause, n.cause), 'verifierFailed'), 'wrongValue')
      ELSE iif(n.rolloutId IS NULL, v.cause, n.cause) END AS cause,
    v.status AS oldStatus, v.reward AS oldReward
  FROM verdicts v
  LEFT JOIN settlements t ON ?3 AND t."key" = (SELECT max("key") FROM settlements WHERE run = v.run AND rolloutId = v.rolloutId)
  LEFT JOIN verdictRevisions n ON n.run = v.run AND n.rescoring = ?2 AND n.rolloutId = v.rolloutId AND n.status <> 'failed'
  WHERE v.run = ?1)`;

const isChanged = '(s.status <> s.oldStatus OR s.reward <> s.oldReward)';

export class StandingVerdicts {
  private readonly connection: Connection;
  private readonly run: RunKey;
  private readonly parameters: readonly [number, string, number];

  constructor(connection: Connection, run: RunKey, choice: VerdictChoice) {
    this.connection = connection;
    this.run = run;
    const isCurrent = choice === 'current';
    const whole = isCurrent ? rescorings(connection, run).find(({ graded, total }) => graded >= total) : undefined;
    this.parameters = [run.number, whole?.id ?? '', isCurrent ? 1 : 0];
  }

  /** On a rollout or refinement; null for one that was never graded. */
  of(rolloutId: string): StandingVerdict | null {
    const row = this.connection.get<Row & VerdictOrigin>(
      `WITH ${standingSql} SELECT * FROM standing WHERE rolloutId = ?4`,
      ...this.parameters,
      rolloutId,
    );
    return row === undefined ? null : { verdict: decode(verdictTable, row, this.run.id), source: row.source, by: row.by };
  }

  /** Longest streak first. A problem that has been solved in its newest visit is none. */
  failures(): FailingProblem[] {
    interface FailureRow {
      readonly problemId: string;
      readonly attempts: number;
      readonly visits: number;
      readonly rescored: number;
      readonly settled: number;
      readonly settledBy: string;
    }
    const rows = this.connection.all<FailureRow>(
      `WITH ${standingSql}, answers AS MATERIALIZED (
         SELECT f.problemId, f.step, s.status, s.source, s."by" FROM rolloutFacts f JOIN rollouts r ON r."key" = f."key"
         LEFT JOIN standing s ON s.rolloutId = r.id WHERE f.run = ?1),
       solved AS (SELECT problemId, max(step) AS step FROM answers WHERE status = 'right' GROUP BY problemId)
       SELECT a.problemId, count(*) AS attempts, count(DISTINCT a.step) AS visits, count(*) FILTER (WHERE a.source = 'rescored') AS rescored,
         count(*) FILTER (WHERE a.source = 'settled') AS settled, json_group_array(DISTINCT iif(a.source = 'settled', a."by", NULL)) AS settledBy
       FROM answers a LEFT JOIN solved s ON s.problemId = a.problemId
       WHERE a.step > ifnull(s.step, -1) GROUP BY a.problemId ORDER BY visits DESC, a.problemId`,
      ...this.parameters,
    );
    return rows.map(({ problemId, attempts, visits, rescored, settled, settledBy }) => ({
      problemId,
      attempts,
      visitsFailed: visits,
      verdicts: { run: attempts - rescored - settled, rescored, settled },
      settledBy: (JSON.parse(settledBy) as (string | null)[]).filter((name) => name !== null).sort(),
    }));
  }

  /** The steps with a verdict that the run did not train on, in order. Trials belong to no step. */
  changedSteps(): StepVerdicts[] {
    if (this.parameters[1] === '' && this.countSettlements() === 0) return [];
    const refined = this.refinementCounts();
    return this.rolloutCounts().flatMap(({ step, changed, right, graded, failed, reward, allRight, mixed, rescued, allWrong }) => {
      const own = refined.get(step) ?? [];
      const sum = (of: (row: RefinementCounts) => number): number => own.reduce((total, row) => total + of(row), 0);
      const changedInAll = changed + sum((row) => row.changed);
      if (changedInAll === 0) return [];
      const metrics: Record<string, number> = {
        groupsAllRight: allRight,
        groupsMixed: mixed,
        groupsAllWrong: allWrong,
        groupsRescued: rescued,
        verifierFailed: failed + sum((row) => row.failed),
        refinementsRight: sum((row) => row.right),
        refinementsWrong: sum((row) => row.graded - row.right),
        refinementsRightUnflagged: sum((row) => row.unflagged),
        ...(graded === 0 ? {} : { reward: reward / graded, passRate: right / graded }),
      };
      for (const { kind, graded: of, right: rightOf } of own) {
        if (of > 0) Object.assign(metrics, { [`refinements.${kind}`]: of, [`refinementsRight.${kind}`]: rightOf });
      }
      return [{ step, changed: changedInAll, metrics }];
    });
  }

  private countSettlements(): number {
    const [run, , counts] = this.parameters;
    return counts * (this.connection.get<{ n: number }>('SELECT count(*) AS n FROM settlements WHERE run = ?', run)?.n ?? 0);
  }

  private rolloutCounts(): readonly RolloutCounts[] {
    return this.connection.all<RolloutCounts>(
      `WITH ${standingSql}, ${refinedSql},
       rescues AS MATERIALIZED (SELECT DISTINCT step, problemId FROM refined WHERE status = 'right'),
       places AS (
         SELECT f.step, f.problemId, sum(s.status = 'right') AS right, sum(s.status <> 'failed') AS graded, sum(s.status = 'failed') AS failed,
           sum(iif(s.status = 'failed', 0.0, s.reward)) AS reward, sum(${isChanged}) AS changed
         FROM rolloutFacts f JOIN rollouts r ON r."key" = f."key" JOIN standing s ON s.rolloutId = r.id WHERE f.run = ?1 GROUP BY f.step, f.problemId)
       SELECT p.step, sum(right) AS right, sum(graded) AS graded, sum(failed) AS failed, sum(reward) AS reward, sum(changed) AS changed,
         sum(graded > 0 AND right = graded) AS allRight, sum(right > 0 AND right < graded) AS mixed,
         sum(right = 0 AND e.step IS NOT NULL) AS rescued, sum(right = 0 AND e.step IS NULL) AS allWrong
       FROM places p LEFT JOIN rescues e ON e.step = p.step AND e.problemId = p.problemId GROUP BY p.step ORDER BY p.step`,
      ...this.parameters,
    );
  }

  /** By step, then by kind of critique. */
  private refinementCounts(): ReadonlyMap<number, readonly RefinementCounts[]> {
    const rows = this.connection.all<RefinementCounts>(
      `WITH ${standingSql}, ${refinedSql}
       SELECT s.step, s.kind, sum(s.status <> 'failed') AS graded, sum(s.status = 'right') AS right, sum(s.status = 'failed') AS failed,
         sum(s.status = 'right' AND NOT s.isFlagged) AS unflagged, sum(${isChanged}) AS changed FROM refined s GROUP BY s.step, s.kind`,
      ...this.parameters,
    );
    const byStep = new Map<number, RefinementCounts[]>();
    for (const row of rows) byStep.set(row.step, [...(byStep.get(row.step) ?? []), row]);
    return byStep;
  }
}

/** Refinements that a step made. */
const refinedSql = `tried AS (SELECT value FROM trials t, json_each(t.refinementIds) WHERE t.run = ?1),
  refined AS (SELECT m.step, m.problemId, c.kind, EXISTS (SELECT 1 FROM audits a WHERE a.run = m.run AND a.id IN (m.id, c.id)) AS isFlagged, s.* FROM refinements m JOIN critiques c ON c.run = m.run AND c.id = m.critiqueId
    JOIN standing s ON s.rolloutId = m.id WHERE m.run = ?1 AND m.id NOT IN tried)`;

interface RolloutCounts {
  readonly step: number;
  readonly right: number;
  readonly graded: number;
  readonly failed: number;
  readonly reward: number;
  readonly changed: number;
  readonly allRight: number;
  readonly mixed: number;
  readonly rescued: number;
  readonly allWrong: number;
}

interface RefinementCounts {
  readonly step: number;
  readonly kind: string;
  readonly graded: number;
  readonly right: number;
  readonly unflagged: number;
  readonly failed: number;
  readonly changed: number;
}
