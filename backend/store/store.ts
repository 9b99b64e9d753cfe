/**
 * Everything the runs of a workspace produced, in one SQLite file (`.critique-grpo/store.db`). Append-only: a record once written stays as it is.
 * Write, then announce: listeners hear of an event after its transaction is on disk.
 */
import { WorkbenchError } from '../core/errors.ts';
import type { Event } from '../protocol/events.ts';
import type { Critique, Evaluation, PersistentFailure, Problem, Update } from '../protocol/records.ts';
import { Announcer } from './announcer.ts';
import type { Connection } from './connection.ts';
import { critiqueInForce, nextRevision, type CritiqueRevision } from './critiqueRevisions.ts';
import { problemHistory, recordedFailures, refinementFunnel, standingFailures } from './failureQueries.ts';
import type { Funnel, ProblemVisit, StandingFailure, StepRange } from './failureQueries.ts';
import { attempt, groupDetail, select, type Attempt, type GroupDetail, type RunKey } from './groupQueries.ts';
import { record, type RecordBatch, type RecordResult } from './recorder.ts';
import { evaluationTable, problemTable, updateTable } from './recordTables.ts';
import { countRollouts, rolloutPage, type RolloutFilter, type RolloutPage, type RolloutPageRequest } from './rolloutPages.ts';
import { eventsAfter, findRun, insertRun, listRuns, metricNames, metricSeries, savedCheckpoints } from './runQueries.ts';
import type { IsAlive, NewRun, Run, SavedCheckpoint, Series } from './runQueries.ts';
import type { WriterLock } from './writerLock.ts';

export class Store {
  private readonly connection: Connection;
  private readonly lock: WriterLock | null;
  private readonly clock: () => number;
  private readonly isAlive: IsAlive;
  private readonly announcer = new Announcer();
  private readonly runNumbers = new Map<string, number>();

  /** Use `openStore`. `lock` is null for a reader. */
  constructor(connection: Connection, options: { readonly lock: WriterLock | null; readonly clock: () => number; readonly isAlive: IsAlive }) {
    this.connection = connection;
    this.lock = options.lock;
    this.clock = options.clock;
    this.isAlive = options.isAlive;
  }

  /** Throws `run.exists`, `run.badId`. */
  createRun(run: NewRun): Run {
    this.write(() => insertRun(this.connection, run, this.clock()));
    const created = this.run(run.id);
    if (created === null) {
      throw new Error(`Run ${run.id} vanished after it was written.`);
    }
    return created;
  }

  run(runId: string): Run | null {
    return findRun(this.connection, runId, this.isAlive);
  }

  /** Newest first. */
  runs(): readonly Run[] {
    return listRuns(this.connection, this.isAlive);
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
    const [critique, events] = this.write((): [Critique, readonly Event[]] => {
      const time = this.clock();
      const next = nextRevision(this.connection, run, revision, time);
      const { id: critiqueId, rolloutId, revision: number } = next;
      const batch: RecordBatch = {
        runId: run.id,
        critiques: [next],
        events: [{ type: 'critiqueRevised', critiqueId, rolloutId, revision: number }],
      };
      return [next, record(this.connection, run.number, batch, time).events];
    });
    this.announcer.announce(events);
    return critique;
  }

  /** The listener hears every event of this store from now on, in order, after its commit. Returns how to stop. */
  onEvents(listener: (events: readonly Event[]) => void): () => void {
    return this.announcer.add(listener);
  }

  /** For one who was away: events after `seq`, in order, at most `limit`; of one run when given. */
  eventsAfter(seq: number, limit: number, runId?: string): readonly Event[] {
    return eventsAfter(this.connection, seq, limit, runId === undefined ? undefined : this.key(runId));
  }

  rolloutPage(request: RolloutPageRequest): RolloutPage {
    return rolloutPage(this.connection, this.key(request.runId).number, request);
  }

  countRollouts(runId: string, filter: RolloutFilter = {}): number {
    return countRollouts(this.connection, this.key(runId).number, filter);
  }

  attempt(runId: string, rolloutId: string): Attempt | null {
    return attempt(this.connection, this.key(runId), rolloutId);
  }

  group(runId: string, groupId: string): GroupDetail | null {
    return groupDetail(this.connection, this.key(runId), groupId);
  }

  problem(runId: string, problemId: string): Problem | null {
    return select(this.connection, this.key(runId), problemTable, 'AND x.id = ?', problemId)[0] ?? null;
  }

  /** Oldest first. */
  problemHistory(runId: string, problemId: string): readonly ProblemVisit[] {
    return problemHistory(this.connection, this.key(runId), problemId);
  }

  /** Problems whose every rollout was wrong in at least their last `visits` visits, longest streak first. */
  standingFailures(runId: string, visits = 2): readonly StandingFailure[] {
    return standingFailures(this.connection, this.key(runId), visits);
  }

  /** Those that an evaluation counted at `step`; by default at the newest step that has any. */
  recordedFailures(runId: string, step?: number): readonly PersistentFailure[] {
    return recordedFailures(this.connection, this.key(runId), step);
  }

  funnel(runId: string, range: StepRange = {}): Funnel {
    return refinementFunnel(this.connection, this.key(runId), range);
  }

  critiqueInForce(runId: string, rolloutId: string): Critique | null {
    return critiqueInForce(this.connection, this.key(runId), rolloutId);
  }

  /** In order of steps, from the one after `afterStep` on. */
  updates(runId: string, afterStep = -1): readonly Update[] {
    return select(this.connection, this.key(runId), updateTable, 'AND x.step > ? ORDER BY x.step', afterStep);
  }

  evaluations(runId: string): readonly Evaluation[] {
    return select(this.connection, this.key(runId), evaluationTable, 'ORDER BY x.step, x."set", x.samplesPerProblem');
  }

  metricNames(runId: string): readonly string[] {
    return metricNames(this.connection, this.key(runId));
  }

  series(runId: string, names: readonly string[], afterStep = -1): Series {
    return metricSeries(this.connection, this.key(runId), names, afterStep);
  }

  /** Every checkpoint that was announced, oldest first; pruned ones too. */
  checkpoints(runId: string): readonly SavedCheckpoint[] {
    return savedCheckpoints(this.connection, this.key(runId));
  }

  close(): void {
    this.announcer.clear();
    if (this.lock !== null) {
      this.foldLog();
    }
    this.connection.close();
    this.lock?.release();
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

  private key(runId: string): RunKey {
    const known = this.runNumbers.get(runId);
    if (known !== undefined) {
      return { number: known, id: runId };
    }
    const row = this.connection.get<{ number: number }>('SELECT number FROM runs WHERE id = ?', runId);
    if (row === undefined) {
      throw new WorkbenchError({
        code: 'run.missing',
        message: `The workspace of ${this.connection.path} has no run ${runId}.`,
        remedy: 'Choose one of the runs in the list.',
      });
    }
    this.runNumbers.set(runId, row.number);
    return { number: row.number, id: runId };
  }
}
