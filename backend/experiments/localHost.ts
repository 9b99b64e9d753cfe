/** Trains the runs of an experiment in this process, each with an engine of its own. */
import { WorkbenchError } from '../core/errors.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { Store } from '../store/store.ts';
import { runFolder } from '../store/workspaceFolders.ts';
import { restoreCheckpoint } from '../training/checkpointing.ts';
import { nameOf, newRunId } from '../training/newRun.ts';
import { openRun, type OpenRunOptions } from '../training/openRun.ts';
import { closePolicy } from '../training/policy.ts';
import type { Run } from '../training/run.ts';
import { train } from '../training/trainer.ts';
import type { ExperimentHost } from './runExperiment.ts';

export interface LocalHostOptions extends Pick<OpenRunOptions, 'entries' | 'demoFolder' | 'threads' | 'observer' | 'signal' | 'openEngine'> {
  readonly store: Store;
  readonly workspace: string;
}

export class LocalHost implements ExperimentHost {
  readonly store: Store;
  private readonly options: LocalHostOptions;

  constructor(options: LocalHostOptions) {
    this.options = options;
    this.store = options.store;
  }

  async train(config: RunConfig, known: string | null, onRun: (runId: string) => void): Promise<void> {
    const { store } = this;
    const runId = known ?? newRunId(store, config);
    await this.withRun(runId, config, async (run) => {
      // Recorded only now: what cannot be opened is no run.
      if (known === null) store.createRun({ id: runId, name: nameOf(config), algorithm: config.algorithm, seed: config.seed, config });
      onRun(runId);
      await train(run);
    });
    this.options.signal.throwIfAborted();
  }

  async withFinished<T>(runId: string, work: (run: Run) => Promise<T>): Promise<T> {
    const found = this.store.run(runId);
    if (found === null) throw new Error(`run ${runId} vanished`);
    return this.withRun(runId, found.config, async (run) => {
      const checkpoint = await restoreCheckpoint(run);
      if (checkpoint?.step === found.config.training.steps) return work(run);
      throw new WorkbenchError({
        code: 'checkpoint.notFound',
        message: `Run ${runId} has no checkpoint of its last step ${found.config.training.steps}.`,
        remedy: 'Remove the run from the workspace and start the experiment again.',
      });
    });
  }

  private async withRun<T>(id: string, config: RunConfig, work: (run: Run) => Promise<T>): Promise<T> {
    const { workspace, store, entries, demoFolder, threads, observer, signal, openEngine } = this.options;
    const run = await openRun({
      ...{ id, config, store, folder: runFolder(workspace, id), entries, demoFolder, threads, observer, signal },
      ...(openEngine === undefined ? {} : { openEngine }),
    });
    try {
      return await work(run);
    } finally {
      await closePolicy(run);
    }
  }
}
