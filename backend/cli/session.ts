/** One training run from the command line: store, run, loop, and what Ctrl-C does to it. */
import { availableParallelism } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { resolve } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { openStore } from '../store/openStore.ts';
import type { Store } from '../store/store.ts';
import { runFolder } from '../store/workspaceFolders.ts';
import { openRun } from '../training/openRun.ts';
import { closePolicy } from '../training/policy.ts';
import type { RunObserver, RunOutcome } from '../training/run.ts';
import { train } from '../training/trainer.ts';
import type { CliContext } from './command.ts';

export interface SessionOptions {
  readonly context: CliContext;
  readonly config: RunConfig;
  readonly workspace: string;
  readonly threads: number;
  /** true: the newest unfinished run of this configuration; a text: that run. */
  readonly resume: boolean | string;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
  /** Told the run's id and folder before the first step. */
  readonly onOpen?: (opened: { readonly id: string; readonly folder: string; readonly isResumed: boolean }) => void;
}

export interface SessionResult extends RunOutcome {
  readonly runId: string;
  readonly folder: string;
  readonly seconds: number;
  /** Largest resident memory of trainer and engine together, in MB. */
  readonly peakRssMb: number;
}

export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const { context, config, signal } = options;
  const workspace = resolve(options.workspace);
  const store = openStore(workspace);
  const start = performance.now();
  try {
    const { id, isResumed } =
      options.resume === false
        ? { id: newRun(store, config), isResumed: false }
        : { id: findResumable(store, config, options.resume), isResumed: true };
    const folder = runFolder(workspace, id);
    options.onOpen?.({ id, folder, isResumed });
    const run = await openRun({
      id,
      config,
      store,
      folder,
      entries: context.entries,
      demoFolder: context.demoFolder,
      threads: options.threads,
      observer: options.observer,
      signal,
    });
    try {
      const outcome = await train(run);
      const { peakResidentBytes } = await run.engine.describe();
      const peakRssMb = Math.round(peakResidentBytes / 2 ** 20 + process.resourceUsage().maxRSS / 1024);
      return { ...outcome, runId: id, folder, seconds: (performance.now() - start) / 1000, peakRssMb };
    } finally {
      await closePolicy(run);
    }
  } finally {
    store.close();
  }
}

/** A signal that the first Ctrl-C aborts; the second ends the process at once. */
export function interruptSignal(onFirst: () => void): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    onFirst();
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return controller.signal;
}

export const defaultThreads = availableParallelism();

function newRun(store: Store, config: RunConfig): string {
  const name = config.name ?? `${config.algorithm}-seed${config.seed}`;
  const taken = new Set(store.runs().map(({ id }) => id));
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'run';
  let id = plain;
  for (let n = 2; taken.has(id); n++) id = `${plain}-${n}`;
  store.createRun({ id, name, algorithm: config.algorithm, seed: config.seed, config });
  return id;
}

function findResumable(store: Store, config: RunConfig, wanted: true | string): string {
  const runs = store.runs();
  const run =
    typeof wanted === 'string'
      ? runs.find(({ id }) => id === wanted)
      : runs.find((candidate) => candidate.state !== 'finished' && isDeepStrictEqual(candidate.config, config));
  if (run === undefined) {
    const unfinished = runs.filter(({ state }) => state !== 'finished').map(({ id }) => id);
    throw new WorkbenchError({
      code: 'run.nothingToResume',
      message: typeof wanted === 'string' ? `The workspace has no run ${wanted}.` : 'No unfinished run of this workspace has this configuration.',
      remedy:
        unfinished.length === 0
          ? 'Start one without --resume.'
          : `Unfinished are: ${unfinished.join(', ')}. Resume one with the configuration it was started with.`,
    });
  }
  const differing = Object.keys(config).filter((key) => !isDeepStrictEqual(config[key as keyof RunConfig], run.config[key as keyof RunConfig]));
  if (differing.length > 0) {
    throw new WorkbenchError({
      code: 'run.otherConfiguration',
      message: `Run ${run.id} was started with other settings: ${differing.join(', ')} differ.`,
      remedy: 'Resume it with its own settings, or start a new run.',
    });
  }
  return run.id;
}
