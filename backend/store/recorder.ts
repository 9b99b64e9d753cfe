/**
 * Writes what a step produced, all or nothing, and understands replays: a run that resumes from a checkpoint makes its later steps again, so a
 * record that is there already must be the same one. That comparison is what holds a run to being deterministic.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { Event, EventBody } from '../protocol/events.ts';
import type {
  Audit,
  Critique,
  CritiqueCall,
  Evaluation,
  Group,
  PersistentFailure,
  Problem,
  Refinement,
  Rollout,
  TrialRecord,
  Update,
  Verdict,
} from '../protocol/records.ts';
import type { Connection } from './connection.ts';
import { difference, type Difference } from './difference.ts';
import { EventIdentities, unstableEventPaths } from './eventIdentity.ts';
import { FactIndex } from './factIndex.ts';
import {
  auditTable,
  columnsSql,
  critiqueCallTable,
  critiqueTable,
  decode,
  encode,
  evaluationTable,
  fieldsOf,
  groupTable,
  persistentFailureTable,
  problemTable,
  refinementTable,
  rolloutTable,
  secondOpinionTable,
  trialTable,
  updateTable,
  verdictTable,
  type RecordTable,
  type Row,
  type StoredVerdict,
} from './recordTables.ts';
import { disagreeing } from './verdictCourt.ts';

/** What to write in one transaction. Problems go in before or with the rollouts that answer them (lists take a rollout's level from there). */
export interface RecordBatch {
  readonly runId: string;
  readonly problems?: readonly Problem[];
  readonly rollouts?: readonly Rollout[];
  /** Of rollouts and of refinements. */
  readonly verdicts?: readonly Verdict[];
  readonly critiques?: readonly Critique[];
  readonly critiqueCalls?: readonly CritiqueCall[];
  /** Of critiques and of refinements. */
  readonly audits?: readonly Audit[];
  readonly refinements?: readonly Refinement[];
  readonly trials?: readonly TrialRecord[];
  readonly groups?: readonly Group[];
  readonly updates?: readonly Update[];
  readonly evaluations?: readonly Evaluation[];
  readonly persistentFailures?: readonly PersistentFailure[];
  readonly events?: readonly EventBody[];
}

export interface RecordResult {
  /** The new events, in order. Replayed ones are not among them. */
  readonly events: readonly Event[];
  /** Records and events that were there already, with equal content. */
  readonly replayed: number;
}

/** Must run inside a transaction. Throws `run.diverged` when a record is there already with other content. */
export function record(connection: Connection, runNumber: number, batch: RecordBatch, time: number): RecordResult {
  const writer = new Writer(connection, runNumber, batch.runId, time);
  writer.add(problemTable, batch.problems);
  const rollouts = writer.add(rolloutTable, batch.rollouts);
  const verdicts = writer.add<StoredVerdict>(verdictTable, batch.verdicts);
  writer.add(secondOpinionTable, disagreeing(batch.verdicts ?? []));
  const critiques = writer.add(critiqueTable, batch.critiques);
  writer.add(critiqueCallTable, batch.critiqueCalls);
  writer.add(refinementTable, batch.refinements);
  writer.add(auditTable, batch.audits);
  writer.add(trialTable, batch.trials);
  const groups = writer.add(groupTable, batch.groups);
  writer.add(updateTable, batch.updates);
  writer.add(evaluationTable, batch.evaluations);
  writer.add(persistentFailureTable, batch.persistentFailures);
  new FactIndex(connection, runNumber).refresh({
    rolloutIds: [...rollouts.map(({ id }) => id), ...verdicts.map(({ rolloutId }) => rolloutId), ...critiques.map(({ rolloutId }) => rolloutId)],
    groups,
  });
  const events = writer.addEvents(batch.events ?? []);
  return { events, replayed: writer.replayed };
}

class Writer {
  replayed = 0;
  private readonly connection: Connection;
  private readonly runNumber: number;
  private readonly runId: string;
  private readonly time: number;

  constructor(connection: Connection, runNumber: number, runId: string, time: number) {
    this.connection = connection;
    this.runNumber = runNumber;
    this.runId = runId;
    this.time = time;
  }

  /** The records that were new. */
  add<R>(table: RecordTable<R>, records: readonly R[] = []): R[] {
    const fields = fieldsOf(table);
    const insert = `INSERT INTO ${table.name} (run, ${columnsSql(fields)}) VALUES (?${', ?'.repeat(fields.length)}) ON CONFLICT DO NOTHING`;
    return records.filter((entry) => {
      if (table.hasRunId && (entry as { readonly runId: string }).runId !== this.runId) {
        throw new Error(`A record of run ${(entry as { readonly runId: string }).runId} in a batch of run ${this.runId} (${table.name}).`);
      }
      if (this.connection.run(insert, this.runNumber, ...encode(table, entry, fields)) === 1) {
        return true;
      }
      this.compare(table, entry);
      this.replayed += 1;
      return false;
    });
  }

  addEvents(bodies: readonly EventBody[]): Event[] {
    const identities = new EventIdentities();
    const insert = 'INSERT INTO events (run, time, type, identity, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING seq';
    return bodies.flatMap((body) => {
      const identity = identities.of(body);
      const inserted = this.connection.get<{ seq: number }>(insert, this.runNumber, this.time, body.type, identity, JSON.stringify(body));
      if (inserted !== undefined) {
        return [{ seq: inserted.seq, runId: this.runId, time: this.time, body }];
      }
      const kept = this.connection.get<{ body: string }>('SELECT body FROM events WHERE run = ? AND identity = ?', this.runNumber, identity);
      const found = difference(JSON.parse(kept?.body ?? 'null'), JSON.parse(JSON.stringify(body)), unstableEventPaths);
      if (found !== null) {
        throw diverged(this.runId, `event ${identity}`, found);
      }
      this.replayed += 1;
      return [];
    });
  }

  private compare<R>(table: RecordTable<R>, offered: R): void {
    const fields = fieldsOf(table);
    const where = table.key.map((field) => `"${field}" = ?`).join(' AND ');
    const kept = this.connection.get<Row>(
      `SELECT ${columnsSql(fields)} FROM ${table.name} WHERE run = ? AND ${where}`,
      this.runNumber,
      ...encode(table, offered, table.key),
    );
    if (kept === undefined) {
      throw new Error(`A row of ${table.name} conflicts with none.`);
    }
    const values = encode(table, offered, fields);
    const asStored: Row = Object.fromEntries(fields.map((field, at) => [field, values[at] ?? null]));
    const found = difference(decode(table, kept, this.runId), decode(table, asStored, this.runId), table.unstable);
    if (found !== null) {
      throw diverged(this.runId, `${table.name} ${table.key.map((field) => String(offered[field])).join(' ')}`, found);
    }
  }
}

function diverged(runId: string, what: string, { path, kept, offered }: Difference): WorkbenchError {
  return new WorkbenchError({
    code: 'run.diverged',
    message: `Run ${runId} did not repeat itself: ${what} has ${path} ${brief(kept)} in the store, but ${brief(offered)} now.`,
    remedy: 'Resume on the machine, versions and settings that the run was started with, or start a new run from the checkpoint.',
  });
}

function brief(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
