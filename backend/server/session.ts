/** One policy held open: a run that trains, or the last checkpoint of one that stands by for questions. Both are asked in the same way. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Activity, Progress } from '../protocol/views.ts';
import type { Store } from '../store/store.ts';
import { runFolder } from '../store/workspaceFolders.ts';
import { BoundaryWork } from '../training/boundary.ts';
import { restoreCheckpoint } from '../training/checkpointing.ts';
import { openRun, type OpenRunOptions } from '../training/openRun.ts';
import { closePolicy } from '../training/policy.ts';
import type { Phase, Run } from '../training/run.ts';
import { train } from '../training/trainer.ts';
import type { Log } from './log.ts';

/** What sessions have in common. */
export interface SessionOptions extends Pick<OpenRunOptions, 'entries' | 'demoFolder' | 'threads' | 'openEngine' | 'surroundings'> {
  readonly workspace: string;
  readonly log: Log;
  /** What is done with the run has changed. */
  readonly onActivity: (runId: string) => void;
  readonly onProgress: (progress: Progress) => void;
  /** A policy that stands by and is asked nothing for this long is closed. */
  readonly standByMs?: number;
}

export interface SessionSubject {
  readonly runId: string;
  readonly config: RunConfig;
  readonly store: Store;
  readonly kind: 'training' | 'standBy';
  /** Called when everything is loaded and right; what it throws ends the session. */
  readonly onOpened?: () => void;
}

/** `report` tells how far the work is: `done` of at most `total`. */
export type SessionWork<T> = (run: Run, step: number, report: (done: number, total: number) => void) => Promise<T>;

const defaultStandByMs = 10 * 60_000;

export class Session {
  readonly runId: string;
  readonly isTraining: boolean;
  private readonly options: SessionOptions;
  private readonly subject: SessionSubject;
  private readonly controller = new AbortController();
  private readonly boundary: BoundaryWork;
  private run: Run | undefined;
  /** What is being done for someone who asked. */
  private working: Activity | undefined;
  private pending = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private tellEnded: () => void = () => undefined;
  /** Resolves when everything is closed. */
  readonly ended = new Promise<void>((resolve) => (this.tellEnded = resolve));

  constructor(subject: SessionSubject, options: SessionOptions) {
    this.runId = subject.runId;
    this.isTraining = subject.kind === 'training';
    this.subject = subject;
    this.options = options;
    this.boundary = new BoundaryWork({ onChange: () => this.changed() });
  }

  /** Null for a policy that stands by and is asked nothing. */
  get activity(): Activity | null {
    if (this.controller.signal.aborted) return 'stopping';
    if (this.run === undefined) return 'opening';
    if (this.working !== undefined) return this.working;
    if (!this.isTraining) return null;
    if (this.boundary.isWaiting) return 'paused';
    return this.boundary.isPaused ? 'pausing' : 'training';
  }

  /** Loads and checks everything. Throws what that throws, and `run.stopped` when it was stopped meanwhile; the session is over then. */
  async open(): Promise<void> {
    const { workspace, entries, demoFolder, threads, openEngine, surroundings } = this.options;
    const { runId, config, store } = this.subject;
    try {
      this.changed();
      const run = await openRun({
        id: runId,
        config,
        store,
        folder: runFolder(workspace, runId),
        entries,
        demoFolder,
        threads,
        observer: {
          onPhase: (step, phase, done, total) => this.report(step, phase, done, total),
          onDownload: ({ bytesDone, bytesTotal }) => this.report(0, 'download', bytesDone, bytesTotal),
        },
        signal: this.controller.signal,
        boundary: this.boundary,
        ...(openEngine === undefined ? {} : { openEngine }),
        ...(surroundings === undefined ? {} : { surroundings }),
      });
      try {
        this.controller.signal.throwIfAborted();
        this.subject.onOpened?.();
      } catch (error) {
        await closePolicy(run);
        throw error;
      }
      this.run = run;
    } catch (error) {
      const isStopped = this.controller.signal.aborted;
      this.end(error);
      throw isStopped ? stopped(runId) : error;
    }
  }

  /** After `open`: lets it train, or stand by. Returns at once. */
  begin(): void {
    const { run } = this;
    if (run === undefined) throw new Error('a session begins before it is open');
    this.changed();
    this.waitForQuestions();
    void this.work(run);
  }

  /** Work on the policy, in turn: between two steps of a training run, also while it is paused. Throws `run.stopped` when the session ends first. */
  async ask<T>(activity: Activity | undefined, work: SessionWork<T>, signal: AbortSignal): Promise<T> {
    this.pending++;
    clearTimeout(this.idleTimer);
    try {
      return await this.boundary.enqueue(async (run, step) => {
        this.setWorking(activity);
        try {
          return await work(run, step, (done, total) => this.report(step, 'refine', done, total));
        } finally {
          this.setWorking(undefined);
        }
      }, signal);
    } catch (error) {
      throw this.controller.signal.aborted && !signal.aborted ? stopped(this.runId) : error;
    } finally {
      this.pending--;
      this.waitForQuestions();
    }
  }

  pause(): void {
    this.boundary.pause();
  }

  resume(): void {
    this.boundary.resume();
  }

  /** A training run drops its step in progress and writes a checkpoint. Resolves when all is closed. */
  stop(): Promise<void> {
    if (!this.controller.signal.aborted) {
      this.controller.abort();
      this.changed();
    }
    return this.ended;
  }

  private async work(run: Run): Promise<void> {
    let failure: unknown;
    try {
      if (this.isTraining) await train(run);
      else await this.standBy(run);
    } catch (error) {
      failure = error;
    }
    if (failure !== undefined && !this.controller.signal.aborted) {
      this.options.log.error(`run ${this.runId} ended: ${messageOf(failure)}`, failure);
      if (this.isTraining) this.recordFailure(messageOf(failure));
    }
    await closePolicy(run).catch((error: unknown) => this.options.log.error('closing the engine', error));
    this.end(failure);
  }

  /** Serves who asks until it is stopped. A dead engine is opened anew, and the work that it died of is done once more. */
  private async standBy(run: Run): Promise<void> {
    this.boundary.pause();
    for (;;) {
      const step = (await restoreCheckpoint(run))?.step ?? 0;
      try {
        await this.boundary.serve(run, step, false);
      } catch (error) {
        if (this.controller.signal.aborted || !(error instanceof WorkbenchError) || error.code !== 'engine.died') throw error;
        this.options.log.error(`the engine of run ${this.runId} died and is opened anew`, error);
        await run.engine.reopen();
      }
    }
  }

  /** The trainer records how a run ends, but for what keeps it from beginning. */
  private recordFailure(message: string): void {
    const { store } = this.subject;
    try {
      const known = store.run(this.runId);
      if (known === null || known.state === 'failed') return;
      store.record({ runId: this.runId, events: [{ type: 'runStopped', step: known.lastStep ?? 0, reason: 'failed', message }] });
    } catch (error) {
      this.options.log.error(`the end of run ${this.runId} could not be recorded`, error);
    }
  }

  private end(failure: unknown): void {
    clearTimeout(this.idleTimer);
    this.controller.abort();
    this.boundary.close(failure instanceof WorkbenchError ? failure : stopped(this.runId));
    this.tellEnded();
  }

  private waitForQuestions(): void {
    if (this.isTraining || this.pending > 0 || this.controller.signal.aborted) return;
    this.idleTimer = setTimeout(() => void this.stop(), this.options.standByMs ?? defaultStandByMs);
    this.idleTimer.unref();
  }

  private setWorking(activity: Activity | undefined): void {
    if (this.working === activity) return;
    this.working = activity;
    this.changed();
  }

  private changed(): void {
    this.options.onActivity(this.runId);
  }

  private report(step: number, phase: Phase | 'download', done: number, total: number | undefined): void {
    const { activity } = this;
    if (activity === null) return;
    const { steps } = this.subject.config.training;
    this.options.onProgress({ runId: this.runId, activity, step, steps, phase, done, total: total ?? null });
  }
}

function stopped(runId: string): WorkbenchError {
  return new WorkbenchError({
    code: 'run.stopped',
    message: `Run ${runId} was stopped before this was done.`,
    remedy: 'Ask again: its last checkpoint is opened then.',
  });
}
