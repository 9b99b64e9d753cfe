/** Holds the one policy that this process has open, and decides who may have it. */
import { WorkbenchError } from '../core/errors.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Activity, RunView } from '../protocol/views.ts';
import { nameOf, newRunId, requirePlugins } from '../training/newRun.ts';
import { Session, type SessionOptions, type SessionSubject, type SessionWork } from './session.ts';
import { closing, type StoreAccess } from './storeAccess.ts';

export interface RunHostOptions extends SessionOptions {
  readonly stores: StoreAccess;
}

export class RunHost {
  private readonly options: RunHostOptions;
  private held: Session | null = null;
  private isClosed = false;
  /** Openings take turns. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: RunHostOptions) {
    this.options = options;
  }

  /** A run is in progress; one that is paused is not. */
  get isTraining(): boolean {
    return this.held?.isTraining === true && this.held.activity !== 'paused';
  }

  /** Null for a run that is not held, or of which nothing is asked. */
  activityOf(runId: string): Activity | null {
    return this.held?.runId === runId ? this.held.activity : null;
  }

  /** Opens a new run and lets it train; resolves to its id once it does. What cannot be opened is no run. Throws `policy.busy` and what opening throws. */
  async start(config: RunConfig, signal: AbortSignal): Promise<string> {
    // Refused now rather than after its turn has come; taken then, since it may be given up in between.
    void this.options.stores.writable;
    requirePlugins(config);
    return this.inTurn(async () => {
      const store = this.options.stores.writable;
      const runId = newRunId(store, config);
      await this.makeRoom(runId);
      const create = (): void => {
        signal.throwIfAborted();
        store.createRun({ id: runId, name: nameOf(config), algorithm: config.algorithm, seed: config.seed, config });
      };
      (await this.open({ runId, config, store, kind: 'training', onOpened: create })).begin();
      return runId;
    });
  }

  /** Goes on with a paused run, or with a stopped or failed one from its last checkpoint. Throws `run.missing`, `run.finished`, `policy.busy`. */
  async resume(runId: string): Promise<void> {
    const session = this.trainingOf(runId);
    if (session !== null) {
      session.resume();
      return;
    }
    await this.inTurn(async () => {
      const store = this.options.stores.writable;
      const run = this.known(runId);
      if (run.state === 'finished') throw finished(run);
      await this.makeRoom(runId);
      (await this.open({ runId, config: run.config, store, kind: 'training' })).begin();
    });
  }

  /** After the step in progress. Throws `run.notTraining`. */
  pause(runId: string): void {
    const session = this.trainingOf(runId) ?? this.notHeld(runId);
    if (session === null) throw notTraining(runId);
    session.pause();
  }

  /** Resolves when the run has stopped. One that does not train is stopped already. */
  async stop(runId: string): Promise<void> {
    const session = this.held?.runId === runId && this.held.isTraining ? this.held : this.notHeld(runId);
    await session?.stop();
  }

  /**
   * Work on the policy of a run: in its turn between two steps while it trains, on its last checkpoint otherwise, which is then held open for a
   * while. `activity` is what lists show meanwhile. Throws `policy.busy` while another run is trained or asked.
   */
  async ask<T>(runId: string, activity: Activity | undefined, signal: AbortSignal, work: SessionWork<T>): Promise<T> {
    const session = this.usable(runId) ?? (await this.inTurn(() => this.openForQuestions(runId)));
    return session.ask(activity, work, signal);
  }

  /** The same for a policy that is open already; undefined, without doing anything, for one that is not. */
  async askIfOpen<T>(runId: string, signal: AbortSignal, work: SessionWork<T>): Promise<T | undefined> {
    return this.usable(runId)?.ask(undefined, work, signal);
  }

  /** Resolves when the run is no longer held; at once for one that is not. */
  async untilEnded(runId: string): Promise<void> {
    if (this.held?.runId === runId) await this.held.ended;
  }

  /** Throws `policy.busy` where a policy is held that someone uses, which `wanted` would have to wait for. */
  requireFree(wanted: string): void {
    const activity = this.held?.activity ?? null;
    if (this.held !== null && activity !== null) throw busy(this.held.runId, activity, wanted);
  }

  /** Ends what is held, after a checkpoint of a run in progress; nothing is opened from now on. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.held?.stop();
    await this.turn;
  }

  private async openForQuestions(runId: string): Promise<Session> {
    const known = this.usable(runId);
    if (known !== null) return known;
    const store = this.options.stores.writable;
    const { config } = this.known(runId);
    await this.makeRoom(runId);
    const session = await this.open({ runId, config, store, kind: 'standBy' });
    session.begin();
    return session;
  }

  private async open(subject: SessionSubject): Promise<Session> {
    const session = new Session(subject, this.options);
    this.held = session;
    void this.options.stores.whileWriting(() => session.ended);
    void session.ended.then(() => {
      if (this.held === session) this.held = null;
      this.options.onActivity(subject.runId);
    });
    await session.open();
    return session;
  }

  /** Closes a policy that stands by and is asked nothing. Throws `policy.busy` when there is another that is used. */
  private async makeRoom(runId: string): Promise<void> {
    if (this.isClosed) throw closing();
    const { held } = this;
    if (held === null) return;
    const { activity } = held;
    if (activity !== null && activity !== 'stopping') throw busy(held.runId, activity, runId);
    await held.stop();
  }

  private usable(runId: string): Session | null {
    const { held } = this;
    return held?.runId === runId && held.activity !== 'opening' && held.activity !== 'stopping' ? held : null;
  }

  private trainingOf(runId: string): Session | null {
    const session = this.usable(runId);
    return session?.isTraining === true ? session : null;
  }

  /** Null for a run that this process might hold. Throws where another process does, or where none may. */
  private notHeld(runId: string): null {
    void this.options.stores.writable;
    this.known(runId);
    return null;
  }

  private known(runId: string): RunView {
    const run = this.options.stores.current.run(runId);
    if (run !== null) return run;
    throw new WorkbenchError({ code: 'run.missing', message: `The workspace has no run ${runId}.`, remedy: 'Choose one of the runs in the list.' });
  }

  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.turn.then(action);
    this.turn = result.catch(() => undefined);
    return result;
  }
}

const doing: Readonly<Record<Activity, string>> = {
  opening: 'is being opened',
  training: 'is training',
  pausing: 'is about to pause',
  paused: 'is paused and holds the policy',
  evaluating: 'is being evaluated',
  refining: 'is writing refinements',
  stopping: 'is stopping',
};

function busy(runId: string, activity: Activity, wanted: string): WorkbenchError {
  const isLong = ['training', 'pausing', 'paused'].includes(activity);
  return new WorkbenchError({
    code: 'policy.busy',
    message: runId === wanted ? `Run ${runId} ${doing[activity]}.` : `Run ${runId} ${doing[activity]}, and one policy is open at a time.`,
    remedy: isLong ? `Stop run ${runId} (it can be resumed later), then try again.` : 'Wait until that is done, or cancel it, then try again.',
  });
}

function finished({ id, config }: RunView): WorkbenchError {
  return new WorkbenchError({
    code: 'run.finished',
    message: `Run ${id} has done all of its ${config.training.steps} steps.`,
    remedy: 'Start a new run with more training.steps.',
  });
}

function notTraining(runId: string): WorkbenchError {
  return new WorkbenchError({ code: 'run.notTraining', message: `Run ${runId} does not train.`, remedy: 'Resume it first.' });
}
