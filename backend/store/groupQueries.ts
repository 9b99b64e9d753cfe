/** One rollout or one group with everything that belongs to it. */
import type { Critique, Group, Problem, Refinement, Rollout, Verdict } from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';
import {
  columnsSql,
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

export interface JudgedRefinement {
  readonly refinement: Refinement;
  readonly verdict: Verdict | null;
}

/** A rollout with its verdict, every critique revision in order of recording, and the refinements they led to. */
export interface Attempt {
  readonly rollout: Rollout;
  readonly verdict: Verdict | null;
  readonly critiques: readonly Critique[];
  readonly refinements: readonly JudgedRefinement[];
}

export interface GroupDetail {
  readonly group: Group;
  readonly problem: Problem | null;
  /** All attempts, excluded ones and ones without a refinement in the group too, in order of recording. */
  readonly attempts: readonly Attempt[];
}

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
  };
}

function attemptOf(connection: Connection, run: RunKey, rollout: Rollout): Attempt {
  const verdictOf = (id: string): Verdict | null => select(connection, run, verdictTable, 'AND x.rolloutId = ?', id)[0] ?? null;
  return {
    rollout,
    verdict: verdictOf(rollout.id),
    critiques: select(connection, run, critiqueTable, 'AND x.rolloutId = ? ORDER BY x."key"', rollout.id),
    refinements: select(connection, run, refinementTable, 'AND x.rolloutId = ? ORDER BY x."key"', rollout.id).map((refinement) => ({
      refinement,
      verdict: verdictOf(refinement.id),
    })),
  };
}
