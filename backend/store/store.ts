/**
 * Everything the runs of a workspace produced, in one SQLite file (`.critique-grpo/store.db`). Append-only: a record once written stays as it is.
 * Write, then announce: listeners hear of an event after its transaction is on disk.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { CriticPayment } from '../protocol/criticViews.ts';
import type { Event } from '../protocol/events.ts';
import type { Critique, Verdict } from '../protocol/records.ts';
import type { Settlement } from '../protocol/verdictViews.ts';
import type { Enlistment, RunView } from '../protocol/views.ts';
import { Announcer } from './announcer.ts';
import type { Connection } from './connection.ts';
import { insertPayment } from './criticQueries.ts';
import { firstCritique, nextRevision, type CritiqueRevision, type NewCritique } from './critiqueRevisions.ts';
import { enlistmentOf, insertEnlistment, insertWithdrawal, type EnlistmentChange, type NewEnlistment } from './enlistments.ts';
import type { RunKey } from './groupQueries.ts';
import { insertRescoring, insertRevisions } from './rescorings.ts';
import { insertSettlement, type NewSettlement } from './verdictCourt.ts';
import { record, type RecordBatch, type RecordResult } from './recorder.ts';
import { insertRun } from './runQueries.ts';
import type { IsAlive, NewRun } from './runQueries.ts';
import type { WriterLock } from './writerLock.ts';
import { StoreReader } from './storeReader.ts';

export class Store extends StoreReader {
  private readonly lock: WriterLock | null;
  private readonly clock: () => number;
  private readonly announcer = new Announcer();
  /** By run: the last step that began in this process. */
  private readonly begunSteps = new Map<string, number>();

  /** Use `openStore`. `lock` is null for a reader. */
  constructor(connection: Connection, options: { readonly lock: WriterLock | null; readonly clock: () => number; readonly isAlive: IsAlive }) {
    super(connection, options.isAlive);
    this.lock = options.lock;
    this.clock = options.clock;
  }

  /** Throws `run.exists`, `run.badId`. */
  createRun(run: NewRun): RunView {
    this.write(() => insertRun(this.connection, run, this.clock()));
    const created = this.run(run.id);
    if (created === null) {
      throw new Error(`Run ${run.id} vanished after it was written.`);
    }
    return created;
  }

  /**
   * Writes all of the batch or nothing, then announces its new events. What is in the store already with equal content is passed over in
   * silence (a replay after a resume); other content throws `run.diverged`. A full disk throws `store.diskFull`; the same call may be repeated.
   */
  record(batch: RecordBatch): RecordResult {
    const { number } = this.key(batch.runId);
    const result = this.write(() => record(this.connection, number, batch, this.clock()));
    this.announcer.announce(result.events);
    return result;
  }

  /** A human revision of a critique, announced as `critiqueRevised`. Throws `critique.conflict` when the base is no longer the newest. */
  reviseCritique(revision: CritiqueRevision): Critique {
    const run = this.key(revision.runId);
    return this.addCritique(run, (time) => nextRevision(this.connection, run, revision, time));
  }

  /** A first critique by a person, announced as `critiqueRevised`. Throws `rollout.missing`, or `critique.conflict` when there is one. */
  writeCritique(critique: NewCritique): Critique {
    const run = this.key(critique.runId);
    return this.addCritique(run, (time) => firstCritique(this.connection, run, critique, time));
  }

  /** For `criticReply`, in this run and in others. The first answer to a request stays. */
  keepCriticReply(hash: string, reply: string): void {
    this.write(() => {
      this.connection.run('INSERT INTO criticReplies (hash, reply, createdAt) VALUES (?, ?, ?) ON CONFLICT DO NOTHING', hash, reply, this.clock());
    });
  }

  /** Kept when the answer comes, not with its step or study: what is paid is paid, also where those come to nothing. */
  addCriticPayment(runId: string, payment: CriticPayment): void {
    const run = this.key(runId);
    this.write(() => insertPayment(this.connection, run, payment, this.clock()));
  }

  /** Told by training: from now on what a person changes takes effect after this step. */
  beginStep(runId: string, step: number): void {
    this.begunSteps.set(runId, step);
  }

  /** Told by training at its end: the step under way, if any, is dropped and will begin anew. */
  endSteps(runId: string): void {
    this.begunSteps.delete(runId);
  }

  /** The first step that has neither begun nor been recorded. Steps made again after a resume are not next: they must come out as they did. */
  nextStep(runId: string): number {
    return Math.max(this.run(runId)?.lastStep ?? 0, this.begunSteps.get(runId) ?? 0) + 1;
  }

  /**
   * The next step that has not begun, and every one after it, learns from this critique by a person, announced as `critiqueEnlisted`; another
   * revision of it that did so no longer does. Enlisting twice changes nothing. Throws `critique.missing`, `critique.notHuman`.
   */
  enlist(request: NewEnlistment): Enlistment {
    const run = this.key(request.runId);
    return this.changeEnlistment(run, (time) => insertEnlistment(this.connection, run, request, this.nextStep(run.id), time));
  }

  /** From the next step that has not begun on, the critique takes no part. Throws `critique.notEnlisted`. */
  withdraw(runId: string, critiqueId: string): Enlistment {
    const run = this.key(runId);
    return this.changeEnlistment(run, (time) => {
      const enlistment = enlistmentOf(this.connection, run, critiqueId);
      if (enlistment === null) {
        throw new WorkbenchError({
          code: 'critique.notEnlisted',
          message: `Run ${runId} does not learn from critique ${critiqueId}.`,
          remedy: 'Choose one that it learns from.',
        });
      }
      return insertWithdrawal(this.connection, run, enlistment, this.nextStep(run.id), time);
    });
  }

  /** What a person says of an answer; the verdict stays as it is. Throws `verdict.missing`. */
  settleVerdict(settlement: NewSettlement): Settlement {
    const run = this.key(settlement.runId);
    return this.write(() => insertSettlement(this.connection, run, settlement, this.clock()));
  }

  /** Begins a new grading of every answer that has a verdict now; returns its id, for `addRevisions` and `rescoring`. */
  beginRescoring(runId: string, verifier: string): string {
    const run = this.key(runId);
    return this.write(() => insertRescoring(this.connection, run, verifier, this.clock()));
  }

  /** New verdicts beside the old ones. */
  addRevisions(runId: string, rescoringId: string, verdicts: readonly Verdict[]): void {
    const run = this.key(runId);
    this.write(() => insertRevisions(this.connection, run, rescoringId, verdicts));
  }

  /** The listener hears every event of this store from now on, in order, after its commit. Returns how to stop. */
  onEvents(listener: (events: readonly Event[]) => void): () => void {
    return this.announcer.add(listener);
  }

  close(): void {
    this.announcer.clear();
    if (this.lock !== null) {
      this.foldLog();
    }
    this.connection.close();
    this.lock?.release();
  }

  private addCritique(run: RunKey, make: (time: number) => Critique): Critique {
    const [critique, events] = this.write((): [Critique, readonly Event[]] => {
      const time = this.clock();
      const made = make(time);
      const { id: critiqueId, rolloutId, revision } = made;
      const batch: RecordBatch = { runId: run.id, critiques: [made], events: [{ type: 'critiqueRevised', critiqueId, rolloutId, revision }] };
      return [made, record(this.connection, run.number, batch, time).events];
    });
    this.announcer.announce(events);
    return critique;
  }

  private changeEnlistment(run: RunKey, change: (time: number) => EnlistmentChange): Enlistment {
    const [enlistment, events] = this.write((): [Enlistment, readonly Event[]] => {
      const time = this.clock();
      const made = change(time);
      return [made.enlistment, record(this.connection, run.number, { runId: run.id, events: made.events }, time).events];
    });
    this.announcer.announce(events);
    return enlistment;
  }

  /** Moves the write-ahead log into the file. The driver leaves that undone at close while prepared statements live. */
  private foldLog(): void {
    try {
      this.connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full disk, say: nothing is lost, the next one who opens the file reads the log.
    }
  }

  private write<T>(body: () => T): T {
    if (this.lock === null) {
      throw new WorkbenchError({
        code: 'store.readOnly',
        message: `${this.connection.path} was opened for reading.`,
        remedy: 'Open the workspace for writing.',
      });
    }
    return this.connection.transaction(body);
  }
}
