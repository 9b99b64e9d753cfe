/** One training run from the command line: store, run, loop, and what Ctrl-C does to it. */
import { isDeepStrictEqual } from 'node:util';
import { resolve } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import type { CriticSpending } from '../protocol/criticViews.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { RunView } from '../protocol/views.ts';
import { openStore } from '../store/openStore.ts';
import type { Store } from '../store/store.ts';
import { runFolder } from '../store/workspaceFolders.ts';
import { nameOf, newRunId, requirePlugins } from '../training/newRun.ts';
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
  /** What its critic, a model, has come to; absent where the critic asks none. */
  readonly critic?: CriticSpending;
}

export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const { context, config, signal } = options;
  const workspace = resolve(options.workspace);
  const store = openStore(workspace);
  const start = performance.now();
  try {
    requirePlugins(config);
    const isResumed = options.resume !== false;
    const id = options.resume === false ? newRunId(store, config) : findResumable(store, config, options.resume).id;
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
      // Recorded only now: what cannot be opened is no run.
      if (!isResumed) store.createRun({ id, name: nameOf(config), algorithm: config.algorithm, seed: config.seed, config });
      const outcome = await train(run);
      const { peakResidentBytes } = await run.engine.describe();
      const peakRssMb = Math.round(peakResidentBytes / 2 ** 20 + process.resourceUsage().maxRSS / 1024);
      const critic = store.criticSpending(id);
      const seconds = (performance.now() - start) / 1000;
      return { ...outcome, runId: id, folder, seconds, peakRssMb, ...(critic.asked === 0 ? {} : { critic }) };
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

/** A run goes on where it was begun (`training/runEngine.ts`), whatever provider is asked for now. */
function withoutProvider(config: RunConfig): RunConfig {
  return { ...config, engine: { ...config.engine, provider: 'auto' } };
}

/** Throws `run.nothingToResume`, or `run.otherConfiguration` with the settings in which the run's own configuration differs. */
function findResumable(store: Store, config: RunConfig, wanted: true | string): RunView {
  const runs = store.runs();
  const unfinished = runs.filter(({ state }) => state !== 'finished');
  const isSame = (run: RunView): boolean => isDeepStrictEqual(withoutProvider(run.config), withoutProvider(config));
  const run = typeof wanted === 'string' ? runs.find(({ id }) => id === wanted) : (unfinished.find(isSame) ?? unfinished[0]);
  if (run === undefined) {
    throw new WorkbenchError({
      code: 'run.nothingToResume',
      message: typeof wanted === 'string' ? `The workspace has no run ${wanted}.` : 'The workspace has no unfinished run.',
      remedy: unfinished.length === 0 ? 'Start one without --resume.' : `Unfinished are: ${unfinished.map(({ id }) => id).join(', ')}.`,
    });
  }
  if (isSame(run)) return run;
  const others = unfinished.filter(({ id }) => id !== run.id).map(({ id }) => id);
  throw new WorkbenchError({
    code: 'run.otherConfiguration',
    message: `Run ${run.id} was started with other settings: ${differingSettings(withoutProvider(run.config), withoutProvider(config)).join(', ')}.`,
    remedy: `Resume it with its own settings, or start a new run without --resume.${others.length === 0 ? '' : ` Also unfinished are: ${others.join(', ')}.`}`,
  });
}

/** `training.steps (160, not 80)`: paths of what differs, with the value of the first and of the second. */
export function differingSettings(own: unknown, given: unknown, path = ''): string[] {
  if (isDeepStrictEqual(own, given)) return [];
  if (!isRecord(own) || !isRecord(given)) return [`${path} (${settingText(own)}, not ${settingText(given)})`];
  const keys = [...new Set([...Object.keys(own), ...Object.keys(given)])];
  return keys.flatMap((key) => differingSettings(own[key], given[key], path === '' ? key : `${path}.${key}`));
}

function settingText(value: unknown): string {
  return value === undefined ? 'unset' : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
