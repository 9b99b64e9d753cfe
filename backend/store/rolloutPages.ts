/** Lists of a run's rollouts: filtered, searched, paged by the key of the last row (never by offset). */
import type { CritiqueKind } from '../protocol/records.ts';
import type { RolloutFilter, RolloutPage, RolloutPageRequest, RolloutRow } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';
import { matchExpression } from './textSearch.ts';

export const excerptLength = 280;

const rowSql = `
SELECT f."key", r.id, f.step, f.problemId, r."index", f.level, f.status, v.reward, v.extracted, f.cause, f.groupKind, f.critiqueKinds,
  (SELECT id FROM (SELECT g.id, instr(g.members, json_quote(r.id)) > 0 AS isNamed
    FROM groups g WHERE g.run = f.run AND g.problemId = f.problemId AND g.step = f.step) ORDER BY isNamed DESC, id LIMIT 1) AS groupId,
  r.finish, length(r.tokens) / 4 AS tokenCount, substr(r.completion, 1, ${excerptLength}) AS excerpt`;

type StoredRow = Omit<RolloutRow, 'critiqueKinds'> & { readonly critiqueKinds: string | null };

export function rolloutPage(connection: Connection, runNumber: number, request: RolloutPageRequest): RolloutPage {
  const { text, after, limit = 100, order = 'newest' } = request;
  const match = text === undefined ? undefined : matchExpression(text);
  if (match === null) {
    return { rows: [], next: null };
  }
  const direction = order === 'newest' ? 'DESC' : 'ASC';
  const conditions = factConditions(request);
  const where = ['f.run = ?', ...conditions.map(({ sql }) => sql)];
  const values: SqlValue[] = [runNumber, ...conditions.map(({ value }) => value)];
  if (after !== undefined) {
    where.push(`f."key" ${order === 'newest' ? '<' : '>'} ?`);
    values.push(after);
  }
  let source = 'rolloutFacts f';
  if (match !== undefined) {
    // The text index is walked in key order within the run's keys, so that a common word costs no more than a page.
    const range = keyRange(connection, runNumber, request, after);
    source = `rolloutText t CROSS JOIN rolloutFacts f ON f."key" = t.rowid`;
    where.push('rolloutText MATCH ?', 't.rowid BETWEEN ? AND ?');
    values.push(match, range.first, range.last);
  }
  // The narrow rows are chosen first; only those of the page are joined with the wide ones.
  const chosen = `SELECT f.* FROM ${source} WHERE ${where.join(' AND ')}
    ORDER BY ${match === undefined ? 'f."key"' : 't.rowid'} ${direction} LIMIT ?`;
  const found = connection.all<StoredRow>(
    `${rowSql} FROM (${chosen}) f JOIN rollouts r ON r."key" = f."key" LEFT JOIN verdicts v ON v.run = f.run AND v.rolloutId = r.id
    ORDER BY f."key" ${direction}`,
    ...values,
    limit + 1,
  );
  const rows = found.slice(0, limit).map((row): RolloutRow => ({ ...row, critiqueKinds: kindsOf(row.critiqueKinds) }));
  return { rows, next: found.length > limit ? (rows.at(-1)?.key ?? null) : null };
}

/** How many rollouts the filter keeps. Reads every fact of the run: for headings, not for loops. */
export function countRollouts(connection: Connection, runNumber: number, filter: RolloutFilter): number {
  const match = filter.text === undefined ? undefined : matchExpression(filter.text);
  if (match === null) {
    return 0;
  }
  const conditions = factConditions(filter);
  const where = ['f.run = ?', ...conditions.map(({ sql }) => sql)];
  const values: SqlValue[] = [runNumber, ...conditions.map(({ value }) => value)];
  if (match !== undefined) {
    where.push('f."key" IN (SELECT rowid FROM rolloutText WHERE rolloutText MATCH ?)');
    values.push(match);
  }
  return connection.get<{ n: number }>(`SELECT count(*) AS n FROM rolloutFacts f WHERE ${where.join(' AND ')}`, ...values)?.n ?? 0;
}

/** A critique of the rollout, or a refinement that answers one, was flagged. */
const auditedSql = `EXISTS (SELECT 1 FROM rollouts o JOIN audits a ON a.run = o.run AND a.rolloutId = o.id
  WHERE o."key" = f."key" AND instr(a.flags, json_quote(?)) > 0)`;

interface Condition {
  readonly sql: string;
  readonly value: SqlValue;
}

function factConditions(filter: RolloutFilter): Condition[] {
  const possible: readonly { readonly sql: string; readonly value: SqlValue | undefined }[] = [
    // `+` keeps the planner from walking the step index, which would have to be sorted by key again.
    { sql: '+f.step >= ?', value: filter.fromStep },
    { sql: '+f.step <= ?', value: filter.toStep },
    { sql: 'f.problemId = ?', value: filter.problemId },
    { sql: 'f.level = ?', value: filter.level },
    { sql: 'f.status = ?', value: filter.status },
    { sql: 'f.cause = ?', value: filter.cause },
    { sql: 'f.groupKind = ?', value: filter.groupKind },
    { sql: auditedSql, value: filter.flag },
    { sql: 'instr(f.critiqueKinds, ?) > 0', value: filter.critiqueKind === undefined ? undefined : `,${filter.critiqueKind},` },
  ];
  return possible.filter((condition): condition is Condition => condition.value !== undefined);
}

/** Keys outside which no row of the page can be. */
function keyRange(
  connection: Connection,
  runNumber: number,
  request: RolloutPageRequest,
  after: number | undefined,
): { first: number; last: number } {
  const { fromStep, toStep, order = 'newest' } = request;
  const range =
    fromStep === undefined && toStep === undefined
      ? connection.get<{ first: number | null; last: number | null }>(
          `SELECT (SELECT min("key") FROM rolloutFacts WHERE run = ?1) AS first, (SELECT max("key") FROM rolloutFacts WHERE run = ?1) AS last`,
          runNumber,
        )
      : connection.get<{ first: number | null; last: number | null }>(
          'SELECT min("key") AS first, max("key") AS last FROM rolloutFacts INDEXED BY factsByStep WHERE run = ? AND step BETWEEN ? AND ?',
          runNumber,
          fromStep ?? 0,
          toStep ?? Number.MAX_SAFE_INTEGER,
        );
  const first = range?.first ?? 0;
  const last = range?.last ?? -1;
  if (after === undefined) {
    return { first, last };
  }
  return order === 'newest' ? { first, last: Math.min(last, after - 1) } : { first: Math.max(first, after + 1), last };
}

function kindsOf(joined: string | null): CritiqueKind[] {
  return joined === null ? [] : (joined.split(',').filter((kind) => kind !== '') as CritiqueKind[]);
}
