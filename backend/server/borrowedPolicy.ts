/** Trains the runs of an experiment with the one policy that the backend holds. */
import { WorkbenchError } from '../core/errors.ts';
import type { ExperimentHost } from '../experiments/runExperiment.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { StoreReader } from '../store/storeReader.ts';
import type { Run } from '../training/run.ts';
import type { RunHost } from './runHost.ts';
import type { StoreAccess } from './storeAccess.ts';

export interface BorrowedPolicyOptions {
  readonly host: RunHost;
  readonly stores: StoreAccess;
  /** Pauses the experiment; also aborted here when the policy or the store are not to be had, or a person stops the run in progress. */
  readonly controller: AbortController;
}

export class BorrowedPolicy implements ExperimentHost {
  /** Why it was paused here. */
  problem: unknown;
  private readonly options: BorrowedPolicyOptions;

  constructor(options: BorrowedPolicyOptions) {
    this.options = options;
  }

  get store(): StoreReader {
    return this.options.stores.current;
  }

  async train(config: RunConfig, known: string | null, onRun: (runId: string) => void): Promise<void> {
    const { host, controller } = this.options;
    const { signal } = controller;
    const runId = await this.orPause(async () => {
      if (known === null) return host.start(config, signal);
      await host.resume(known);
      return known;
    });
    onRun(runId);
    const stop = (): void => void host.stop(runId);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      await host.untilEnded(runId);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    const { state, stopMessage } = this.store.runSummary(runId) ?? { state: 'failed', stopMessage: null };
    if (state === 'finished') return;
    // A person stopped the run: what follows is for them to say.
    if (state === 'stopped') controller.abort();
    signal.throwIfAborted();
    throw new Error(stopMessage ?? `Run ${runId} failed.`);
  }

  withFinished<T>(runId: string, work: (run: Run) => Promise<T>): Promise<T> {
    const { host, controller } = this.options;
    return this.orPause(() => host.ask(runId, 'evaluating', controller.signal, (run) => work(run)));
  }

  /** What says nothing of the run but that others have the policy or the store now pauses the experiment. */
  private async orPause<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof WorkbenchError && passing.has(error.code)) {
        this.problem = error;
        this.options.controller.abort();
      }
      throw error;
    }
  }
}

const passing: ReadonlySet<string> = new Set(['policy.busy', 'store.locked', 'backend.closing', 'run.stopped', 'store.diskFull']);
