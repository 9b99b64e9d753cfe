/** Critiques by a person that training was told to learn from: from which step on, and until which. */
import { WorkbenchError } from '../core/errors.ts';
import type { EventBody } from '../protocol/events.ts';
import type { Critique } from '../protocol/records.ts';
import type { Enlistment } from '../protocol/views.ts';
import type { Connection } from './connection.ts';
import type { SqlValue } from './driver.ts';
import { select, type RunKey } from './groupQueries.ts';
import { critiqueTable, rolloutTable } from './recordTables.ts';

export interface NewEnlistment {
  readonly runId: string;
  readonly critiqueId: string;
  readonly author: string;
}

/** An enlistment or withdrawal with the events that announce it; none when there was nothing to do. */
export interface EnlistmentChange {
  readonly enlistment: Enlistment;
  readonly events: readonly EventBody[];
}

/** Those that take part in the step, in the order they were enlisted. */
export function activeEnlistments(connection: Connection, run: RunKey, step: number): Enlistment[] {
  return enlistmentsWhere(connection, run, 'AND e.fromStep <= ? AND ifnull(w.untilStep > ?, 1)', step, step);
}

/** The newest one of the critique. */
export function enlistmentOf(connection: Connection, run: RunKey, critiqueId: string): Enlistment | null {
  return enlistmentsWhere(connection, run, 'AND e.critiqueId = ?', critiqueId).at(-1) ?? null;
}

/**
 * From `fromStep` on the critique takes part; another critique of the same rollout that does is withdrawn. One that takes part already
 * stays as it is. Throws `critique.missing`, `critique.notHuman`.
 */
export function insertEnlistment(
  connection: Connection,
  run: RunKey,
  { critiqueId, author }: NewEnlistment,
  fromStep: number,
  time: number,
): EnlistmentChange {
  const critique = requireHuman(connection, run, critiqueId);
  const ofRollout = enlistmentsWhere(connection, run, 'AND e.rolloutId = ?', critique.rolloutId);
  const known = ofRollout.find((entry) => entry.critiqueId === critiqueId && entry.untilStep === null);
  if (known !== undefined) {
    return { enlistment: known, events: [] };
  }
  const [rollout] = select(connection, run, rolloutTable, 'AND x.id = ?', critique.rolloutId);
  if (rollout === undefined) {
    throw new Error(`Critique ${critiqueId} is of no rollout.`);
  }
  const others = ofRollout.filter(({ untilStep }) => untilStep === null);
  const withdrawn = others.flatMap((other) => insertWithdrawal(connection, run, other, fromStep, time).events);
  const enlistment: Enlistment = {
    id: `${critiqueId}/enlistment${ofRollout.filter((entry) => entry.critiqueId === critiqueId).length + 1}`,
    runId: run.id,
    critiqueId,
    rolloutId: rollout.id,
    problemId: rollout.problemId,
    author,
    createdAt: time,
    fromStep,
    untilStep: null,
  };
  const { id, rolloutId, problemId } = enlistment;
  connection.run(
    'INSERT INTO enlistments (run, id, critiqueId, rolloutId, problemId, author, createdAt, fromStep) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ...[run.number, id, critiqueId, rolloutId, problemId, author, time, fromStep],
  );
  return { enlistment, events: [...withdrawn, { type: 'critiqueEnlisted', enlistmentId: id, critiqueId, rolloutId, problemId, fromStep }] };
}

/** From `untilStep` on it takes no part. One that is withdrawn already stays as it is. */
export function insertWithdrawal(connection: Connection, run: RunKey, enlistment: Enlistment, untilStep: number, time: number): EnlistmentChange {
  if (enlistment.untilStep !== null) {
    return { enlistment, events: [] };
  }
  connection.run(
    'INSERT INTO withdrawals (run, enlistmentId, createdAt, untilStep) VALUES (?, ?, ?, ?)',
    ...[run.number, enlistment.id, time, untilStep],
  );
  const { id: enlistmentId, critiqueId } = enlistment;
  return { enlistment: { ...enlistment, untilStep }, events: [{ type: 'critiqueWithdrawn', enlistmentId, critiqueId, untilStep }] };
}

/** The id of the refinement that an enlisted critique gets at a step. */
export function enlistedRefinementId(critiqueId: string, step: number): string {
  return `${critiqueId}/step${step}`;
}

function enlistmentsWhere(connection: Connection, run: RunKey, clause: string, ...values: SqlValue[]): Enlistment[] {
  return connection
    .all<Omit<Enlistment, 'runId'>>(
      `SELECT e.id, e.critiqueId, e.rolloutId, e.problemId, e.author, e.createdAt, e.fromStep, w.untilStep
       FROM enlistments e LEFT JOIN withdrawals w ON w.run = e.run AND w.enlistmentId = e.id WHERE e.run = ? ${clause} ORDER BY e."key"`,
      run.number,
      ...values,
    )
    .map((row) => ({ ...row, runId: run.id }));
}

function requireHuman(connection: Connection, run: RunKey, critiqueId: string): Critique {
  const [critique] = select(connection, run, critiqueTable, 'AND x.id = ?', critiqueId);
  if (critique === undefined) {
    throw new WorkbenchError({
      code: 'critique.missing',
      message: `Run ${run.id} has no critique ${critiqueId}.`,
      remedy: 'Open the rollout again and choose a critique that it shows.',
    });
  }
  if (critique.kind !== 'human') {
    throw new WorkbenchError({
      code: 'critique.notHuman',
      message: `Critique ${critiqueId} is by the critic ${critique.author}, and the run makes use of its critics by itself.`,
      remedy: 'Edit and save it first: what is enlisted is a critique by a person.',
    });
  }
  return critique;
}
