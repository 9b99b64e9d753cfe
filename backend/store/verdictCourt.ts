/** Verdicts that two graders disagree on, and what a person says of them. Nothing here changes a verdict. */
import { WorkbenchError } from '../core/errors.ts';
import type { Verdict } from '../protocol/records.ts';
import type { Disagreement, DisagreementPage, Settlement } from '../protocol/verdictViews.ts';
import type { Connection } from './connection.ts';
import { select, type RunKey } from './groupQueries.ts';
import { questionOf } from './questions.ts';
import { columnsSql, decode, encode, fieldsOf, secondOpinionTable, verdictTable, type Row, type StoredOpinion } from './recordTables.ts';

export interface DisagreementRequest {
  /** Of the verdicts of that rescoring; of the run's own when left out. */
  readonly rescoringId?: string;
  /** Only those that nobody has settled. */
  readonly onlyOpen?: boolean;
  /** Default 100. */
  readonly limit?: number;
  readonly offset?: number;
}

export interface NewSettlement {
  readonly runId: string;
  readonly rolloutId: string;
  readonly status: 'right' | 'wrong';
  readonly author: string;
  readonly note?: string;
}

/** What is kept of second opinions: those that say otherwise. One that failed is none. */
export function disagreeing(verdicts: readonly Verdict[], rescoring = ''): StoredOpinion[] {
  return verdicts.flatMap(({ rolloutId, status, secondOpinion: second }) =>
    second === undefined || second.status === 'failed' || second.status === status ? [] : [{ rescoring, rolloutId, ...second }],
  );
}

/** Keeps those of later verdicts. Must run inside a transaction. */
export function insertOpinions(connection: Connection, run: RunKey, verdicts: readonly Verdict[], rescoringId: string): void {
  const fields = fieldsOf(secondOpinionTable);
  const sql = `INSERT INTO secondOpinions (run, ${columnsSql(fields)}) VALUES (?${', ?'.repeat(fields.length)})`;
  for (const opinion of disagreeing(verdicts, rescoringId)) connection.run(sql, run.number, ...encode(secondOpinionTable, opinion, fields));
}

interface DisagreementRow extends Row {
  readonly isRefinement: 0 | 1;
  readonly step: number;
  readonly problemId: string;
  readonly prompt: string | null;
  readonly answer: string | null;
  readonly opinionGrader: string;
  readonly opinionStatus: Verdict['status'];
  readonly opinionReason: string;
}

/** In order of steps. */
export function disagreements(connection: Connection, run: RunKey, request: DisagreementRequest): DisagreementPage {
  const { rescoringId = '', onlyOpen = false, limit = 100, offset = 0 } = request;
  const table = rescoringId === '' ? 'verdicts v ON v.run = o.run' : 'verdictRevisions v ON v.run = o.run AND v.rescoring = o.rescoring';
  const unsettled = 'NOT EXISTS (SELECT 1 FROM settlements t WHERE t.run = o.run AND t.rolloutId = o.rolloutId)';
  const counts = connection.get<{ total: number; open: number }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE ${unsettled}) AS open FROM secondOpinions o WHERE o.run = ? AND o.rescoring = ?`,
    run.number,
    rescoringId,
  );
  const rows = connection.all<DisagreementRow>(
    `SELECT ${columnsSql(fieldsOf(verdictTable), 'v')}, r.id IS NULL AS isRefinement, ifnull(r.step, m.step) AS step,
       ifnull(r.problemId, m.problemId) AS problemId, p.prompt, p.answer,
       o.grader AS opinionGrader, o.status AS opinionStatus, o.reason AS opinionReason
     FROM secondOpinions o JOIN ${table} AND v.rolloutId = o.rolloutId
     LEFT JOIN rollouts r ON r.run = o.run AND r.id = o.rolloutId
     LEFT JOIN refinements m ON r.id IS NULL AND m.run = o.run AND m.id = o.rolloutId
     LEFT JOIN problems p ON p.run = o.run AND p.id = ifnull(r.problemId, m.problemId)
     WHERE o.run = ? AND o.rescoring = ? ${onlyOpen ? `AND ${unsettled}` : ''} ORDER BY step, o.rolloutId LIMIT ? OFFSET ?`,
    run.number,
    rescoringId,
    limit,
    offset,
  );
  return { rows: rows.map((row) => disagreementOf(connection, run, row)), total: counts?.total ?? 0, open: counts?.open ?? 0 };
}

function disagreementOf(connection: Connection, run: RunKey, row: DisagreementRow): Disagreement {
  const verdict = decode(verdictTable, row, run.id);
  return {
    rolloutId: verdict.rolloutId,
    isRefinement: row.isRefinement === 1,
    step: row.step,
    problemId: row.problemId,
    question: questionOf(row.prompt),
    answer: row.answer ?? '',
    verdict,
    secondOpinion: { grader: row.opinionGrader, status: row.opinionStatus, reason: row.opinionReason },
    settlement: settlementOf(connection, run, verdict.rolloutId),
  };
}

/** The newest one. */
export function settlementOf(connection: Connection, run: RunKey, rolloutId: string): Settlement | null {
  const row = connection.get<Settlement>(
    'SELECT rolloutId, status, author, note, createdAt FROM settlements WHERE run = ? AND rolloutId = ? ORDER BY "key" DESC LIMIT 1',
    run.number,
    rolloutId,
  );
  return row === undefined ? null : { ...row };
}

/** Throws `verdict.missing` for an answer that was never graded. */
export function insertSettlement(
  connection: Connection,
  run: RunKey,
  { rolloutId, status, author, note = '' }: NewSettlement,
  time: number,
): Settlement {
  if (select(connection, run, verdictTable, 'AND x.rolloutId = ?', rolloutId).length === 0) {
    throw new WorkbenchError({
      code: 'verdict.missing',
      message: `Run ${run.id} has no verdict on ${rolloutId}.`,
      remedy: 'Refresh the list and choose one that it shows.',
    });
  }
  connection.run(
    'INSERT INTO settlements (run, rolloutId, status, author, note, createdAt) VALUES (?, ?, ?, ?, ?, ?)',
    ...[run.number, rolloutId, status, author, note, time],
  );
  return { rolloutId, status, author, note, createdAt: time };
}
