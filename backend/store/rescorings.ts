/** Verdicts of a later grading of everything that a run recorded, kept beside those it trained on. */
import type { Verdict } from '../protocol/records.ts';
import type { ChangedVerdict, Rescoring } from '../protocol/verdictViews.ts';
import type { Connection } from './connection.ts';
import type { RunKey } from './groupQueries.ts';
import { columnsSql, decode, encode, fieldsOf, verdictRevisionTable, verdictTable, type Row } from './recordTables.ts';
import { insertOpinions } from './verdictCourt.ts';

/** An answer as it is graded again. */
export interface AnswerToGrade {
  readonly key: number;
  readonly id: string;
  readonly problemId: string;
  readonly completion: string;
  readonly finish: 'stop' | 'length';
}

interface RescoringRow {
  readonly id: string;
  readonly verifier: string;
  readonly createdAt: number;
  readonly total: number;
  readonly lastRollout: number;
  readonly lastRefinement: number;
}

/** What can be asked of one of them. */
export class RescoringReader {
  private readonly connection: Connection;
  private readonly run: RunKey;
  private readonly id: string;

  constructor(connection: Connection, run: RunKey, id: string) {
    this.connection = connection;
    this.run = run;
    this.id = id;
  }

  /** The answers that are graded, in order of recording, `pageSize` at a time: rollouts, then refinements. */
  *pages(pageSize: number): Generator<readonly AnswerToGrade[]> {
    for (const table of ['rollouts', 'refinements'] as const) {
      for (let afterKey = 0; ;) {
        const page = answersToGrade(this.connection, this.run, { rescoringId: this.id, table, afterKey, limit: pageSize });
        if (page.length > 0) yield page;
        if (page.length < pageSize) break;
        afterKey = page.at(-1)?.key ?? afterKey;
      }
    }
  }

  /** In order of recording, at most `limit`. */
  changed(limit: number): readonly ChangedVerdict[] {
    return changedVerdicts(this.connection, this.run, this.id, limit);
  }

  /** Ids of the groups that an answer with another verdict belongs to, in order of steps. Refinements of trials belong to none. */
  touchedGroups(): readonly string[] {
    return touchedGroups(this.connection, this.run, this.id);
  }

  /** The new verdict on an answer; null for one that was not graded again. */
  verdict(rolloutId: string): Verdict | null {
    return verdictRevision(this.connection, this.run, this.id, rolloutId);
  }

  /** Ids of refinements that were tried outside of a step. */
  trialRefinements(): ReadonlySet<string> {
    const sql = 'SELECT value AS id FROM trials t, json_each(t.refinementIds) WHERE t.run = ?';
    return new Set(this.connection.all<{ id: string }>(sql, this.run.number).map(({ id }) => id));
  }

  /** Of the run. */
  countGroups(): number {
    return this.connection.get<{ n: number }>('SELECT count(*) AS n FROM groups WHERE run = ?', this.run.number)?.n ?? 0;
  }
}

/** Begins one, of all answers that have a verdict now. */
export function insertRescoring(connection: Connection, run: RunKey, verifier: string, time: number): string {
  const number = connection.get<{ n: number }>('SELECT count(*) AS n FROM rescorings WHERE run = ?', run.number)?.n ?? 0;
  const id = `rescoring${number + 1}`;
  connection.run(
    `INSERT INTO rescorings (run, id, verifier, createdAt, lastRollout, lastRefinement, total)
     SELECT ?1, ?2, ?3, ?4, ifnull((SELECT max("key") FROM rollouts WHERE run = ?1), 0), ifnull((SELECT max("key") FROM refinements WHERE run = ?1), 0),
       (SELECT count(*) FROM verdicts WHERE run = ?1)`,
    run.number,
    id,
    verifier,
    time,
  );
  return id;
}

function answersToGrade(
  connection: Connection,
  run: RunKey,
  {
    rescoringId,
    table,
    afterKey,
    limit,
  }: { readonly rescoringId: string; readonly table: 'rollouts' | 'refinements'; readonly afterKey: number; readonly limit: number },
): AnswerToGrade[] {
  // Walked in the order of the run's own keys: those of other runs lie between them.
  const [own, last] = table === 'rollouts' ? ['rolloutFacts', 'lastRollout'] : ['refinements', 'lastRefinement'];
  return connection.all<AnswerToGrade>(
    `SELECT x."key", x.id, x.problemId, x.completion, x.finish FROM ${own} o CROSS JOIN ${table} x ON x."key" = o."key"
     JOIN verdicts v ON v.run = x.run AND v.rolloutId = x.id
     WHERE o.run = ?1 AND o."key" > ?2 AND o."key" <= (SELECT ${last} FROM rescorings WHERE run = ?1 AND id = ?3) ORDER BY o."key" LIMIT ?4`,
    ...[run.number, afterKey, rescoringId, limit],
  );
}

export function insertRevisions(connection: Connection, run: RunKey, rescoringId: string, verdicts: readonly Verdict[]): void {
  const fields = fieldsOf(verdictRevisionTable);
  const sql = `INSERT INTO verdictRevisions (run, ${columnsSql(fields)}) VALUES (?${', ?'.repeat(fields.length)})`;
  for (const verdict of verdicts) connection.run(sql, run.number, ...encode(verdictRevisionTable, { ...verdict, rescoring: rescoringId }, fields));
  insertOpinions(connection, run, verdicts, rescoringId);
}

/** Newest first. */
export function rescorings(connection: Connection, run: RunKey): Rescoring[] {
  const rows = connection.all<RescoringRow>('SELECT * FROM rescorings WHERE run = ? ORDER BY "key" DESC', run.number);
  return rows.map(({ id, verifier, createdAt, total }) => {
    const counts = connection
      .all<Rescoring['counts'][number]>(
        `SELECT v.status AS before, n.status AS after, count(*) AS count FROM verdictRevisions n JOIN verdicts v USING (run, rolloutId)
         WHERE n.run = ? AND n.rescoring = ? GROUP BY v.status, n.status ORDER BY v.status, n.status`,
        run.number,
        id,
      )
      .map((row) => ({ ...row }));
    return { id, runId: run.id, verifier, createdAt, total, graded: counts.reduce((sum, { count }) => sum + count, 0), counts };
  });
}

const isOther = 'n.run = ?1 AND n.rescoring = ?2 AND (n.status <> v.status OR n.reward <> v.reward)';

function changedVerdicts(connection: Connection, run: RunKey, rescoringId: string, limit: number): ChangedVerdict[] {
  const rows = connection.all<Row & { readonly isRefinement: 0 | 1; readonly step: number; readonly problemId: string }>(
    `SELECT ${columnsSql(fieldsOf(verdictTable), 'n')}, r.id IS NULL AS isRefinement, ifnull(r.step, m.step) AS step,
       ifnull(r.problemId, m.problemId) AS problemId
     FROM verdictRevisions n JOIN verdicts v USING (run, rolloutId)
     LEFT JOIN rollouts r ON r.run = n.run AND r.id = n.rolloutId
     LEFT JOIN refinements m ON r.id IS NULL AND m.run = n.run AND m.id = n.rolloutId
     WHERE ${isOther} ORDER BY r.id IS NULL, r."key", m."key" LIMIT ?3`,
    ...[run.number, rescoringId, limit],
  );
  return rows.flatMap((row) => {
    const after = decode(verdictTable, row, run.id);
    const before = connection.get<Row>(
      `SELECT ${columnsSql(fieldsOf(verdictTable))} FROM verdicts WHERE run = ? AND rolloutId = ?`,
      run.number,
      after.rolloutId,
    );
    if (before === undefined) return [];
    const { step, problemId } = row;
    return [
      { rolloutId: after.rolloutId, isRefinement: row.isRefinement === 1, step, problemId, before: decode(verdictTable, before, run.id), after },
    ];
  });
}

function touchedGroups(connection: Connection, run: RunKey, rescoringId: string): string[] {
  return connection
    .all<{ id: string }>(
      `WITH other AS (SELECT n.rolloutId AS id FROM verdictRevisions n JOIN verdicts v USING (run, rolloutId) WHERE ${isOther}),
         trialIds AS (SELECT value AS id FROM trials t, json_each(t.refinementIds) WHERE t.run = ?1),
         places AS (
           SELECT r.step, r.problemId FROM other JOIN rollouts r ON r.run = ?1 AND r.id = other.id
           UNION SELECT m.step, m.problemId FROM other JOIN refinements m ON m.run = ?1 AND m.id = other.id WHERE m.id NOT IN trialIds)
       SELECT g.id FROM places JOIN groups g ON g.run = ?1 AND g.problemId = places.problemId AND g.step = places.step ORDER BY g.step, g.id`,
      run.number,
      rescoringId,
    )
    .map(({ id }) => id);
}

function verdictRevision(connection: Connection, run: RunKey, rescoringId: string, rolloutId: string): Verdict | null {
  const row = connection.get<Row>(
    `SELECT ${columnsSql(fieldsOf(verdictTable))} FROM verdictRevisions WHERE run = ? AND rescoring = ? AND rolloutId = ?`,
    ...[run.number, rescoringId, rolloutId],
  );
  return row === undefined ? null : decode(verdictTable, row, run.id);
}
