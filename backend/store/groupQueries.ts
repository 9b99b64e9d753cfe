/** One rollout or one group with everything that belongs to it. */
import type { GroupMember, Refinement, Rollout, Verdict } from '../protocol/records.ts';
import type { Attempt, GroupDetail, JudgedRefinement } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';
import {
  auditTable,
  columnsSql,
  critiqueCallTable,
  critiqueTable,
  decode,
  fieldsOf,
  groupTable,
  problemTable,
  refinementTable,
  rolloutTable,
  verdictTable,
  type RecordTable,
  type Row,
} from './recordTables.ts';

export interface RunKey {
  readonly number: number;
  readonly id: string;
}

export function select<R>(connection: Connection, run: RunKey, table: RecordTable<R>, clause: string, ...values: SqlValue[]): R[] {
  const sql = `SELECT ${columnsSql(fieldsOf(table), 'x')} FROM ${table.name} x WHERE x.run = ? ${clause}`;
  return connection.all<Row>(sql, run.number, ...values).map((row) => decode(table, row, run.id));
}

export function attempt(connection: Connection, run: RunKey, rolloutId: string): Attempt | null {
  const [rollout] = select(connection, run, rolloutTable, 'AND x.id = ?', rolloutId);
  return rollout === undefined ? null : attemptOf(connection, run, rollout);
}

export function groupDetail(connection: Connection, run: RunKey, groupId: string): GroupDetail | null {
  const [group] = select(connection, run, groupTable, 'AND x.id = ?', groupId);
  if (group === undefined) {
    return null;
  }
  const { problemId, step } = group;
  const sameStep = `AND x."key" IN (SELECT "key" FROM rolloutFacts WHERE run = ? AND problemId = ? AND step = ?) ORDER BY x."key"`;
  const rollouts = select(connection, run, rolloutTable, sameStep, run.number, problemId, step);
  // A problem drawn twice in one step has two groups there.
  const others = select(connection, run, groupTable, 'AND x.problemId = ? AND x.step = ? AND x.id <> ?', problemId, step, groupId);
  const elsewhere = new Set(others.flatMap(({ members }) => members.map(({ id }) => id)));
  return {
    group,
    problem: select(connection, run, problemTable, 'AND x.id = ?', problemId)[0] ?? null,
    attempts: rollouts.filter(({ id }) => !elsewhere.has(id)).map((rollout) => attemptOf(connection, run, rollout)),
    guests: guestsAt(connection, run, problemId, step),
  };
}

/** Refinements of enlisted critiques at a step, with the critique each answers. Their ids are those of `enlistedRefinementId`. */
function guestsAt(connection: Connection, run: RunKey, problemId: string, step: number): GroupDetail['guests'] {
  const ofEnlisted = `AND x.id IN (SELECT critiqueId || '/step' || ? FROM enlistments WHERE run = ? AND problemId = ?) ORDER BY x."key"`;
  return select(connection, run, refinementTable, ofEnlisted, String(step), run.number, problemId).flatMap((refinement) =>
    select(connection, run, critiqueTable, 'AND x.id = ?', refinement.critiqueId).map((critique) => ({
      ...judged(connection, run, refinement),
      critique,
    })),
  );
}

export function judged(connection: Connection, run: RunKey, refinement: Refinement): JudgedRefinement {
  return { refinement, verdict: verdictOf(connection, run, refinement.id) };
}

/** The place of a rollout or refinement of that step in its group; null when it is in none. */
export function membership(
  connection: Connection,
  run: RunKey,
  { id, step, problemId }: Pick<Rollout, 'id' | 'step' | 'problemId'>,
): GroupMember | null {
  const groups = select(connection, run, groupTable, 'AND x.problemId = ? AND x.step = ?', problemId, step);
  return groups.flatMap(({ members }) => members).find((member) => member.id === id) ?? null;
}

function verdictOf(connection: Connection, run: RunKey, id: string): Verdict | null {
  return select(connection, run, verdictTable, 'AND x.rolloutId = ?', id)[0] ?? null;
}

function attemptOf(connection: Connection, run: RunKey, rollout: Rollout): Attempt {
  return {
    rollout,
    verdict: verdictOf(connection, run, rollout.id),
    critiques: select(connection, run, critiqueTable, 'AND x.rolloutId = ? ORDER BY x."key"', rollout.id),
    refinements: refinementsOf(connection, run, rollout.id),
    audits: select(connection, run, auditTable, 'AND x.rolloutId = ?', rollout.id),
    calls: select(connection, run, critiqueCallTable, 'AND x.rolloutId = ?', rollout.id),
  };
}

export function refinementsOf(connection: Connection, run: RunKey, rolloutId: string): JudgedRefinement[] {
  return select(connection, run, refinementTable, 'AND x.rolloutId = ? ORDER BY x."key"', rolloutId).map((refinement) =>
    judged(connection, run, refinement),
  );
}
