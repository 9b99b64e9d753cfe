/** Runs one experiment at a time on the backend's one policy, and tells what is known of all of them. */
import { dirname, resolve } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { loadSets, type LoadedSet } from '../experiments/benchmarkAnswers.ts';
import { parseExperimentFile } from '../experiments/experimentFile.ts';
import { ExperimentFolder, experimentNames } from '../experiments/experimentFolder.ts';
import { experimentDetail, fromFile } from '../experiments/experimentState.ts';
import { planExperiment, type ExperimentPlan } from '../experiments/grid.ts';
import { runExperiment } from '../experiments/runExperiment.ts';
import { experimentReport } from '../experiments/writeReport.ts';
import type { ExperimentDetail, ExperimentReport, ExperimentView } from '../protocol/experimentViews.ts';
import { SetGraders } from '../training/evaluateSet.ts';
import type { Entries } from '../training/policy.ts';
import { locateData } from '../training/locateData.ts';
import { readRunFile } from '../training/runFile.ts';
import { BorrowedPolicy } from './borrowedPolicy.ts';
import type { Log } from './log.ts';
import type { RunHost } from './runHost.ts';
import type { StoreAccess } from './storeAccess.ts';

export interface ExperimentsOptions {
  readonly workspace: string;
  readonly host: RunHost;
  readonly stores: StoreAccess;
  readonly entries: Entries;
  readonly demoFolder: string;
  readonly log: Log;
  /** An experiment began, ended, or went on to another run. */
  readonly onChange: (id: string) => void;
}

/** An experiment to start: the text of its file, or one that was started before. */
export type ExperimentSource = { readonly file: { readonly path: string; readonly text: string } } | { readonly id: string };

interface Running {
  readonly id: string;
  readonly controller: AbortController;
  /** Runs that ended in this session, and since when it goes on (ms). */
  done: number;
  readonly begun: number;
  readonly ended: Promise<void>;
}

export class Experiments {
  private readonly options: ExperimentsOptions;
  private running: Running | null = null;
  private isStarting = false;

  constructor(options: ExperimentsOptions) {
    this.options = options;
  }

  get isRunning(): boolean {
    return this.running !== null;
  }

  /** Begins, or goes on with, an experiment; resolves to its id once everything it names was found right. Throws `experiment.…`, `policy.busy`. */
  async start(source: ExperimentSource, signal: AbortSignal): Promise<string> {
    if (this.running !== null || this.isStarting) throw busy(this.running?.id ?? null);
    this.isStarting = true;
    try {
      const { plan, baseFile } = await this.planOf(source);
      const id = plan.definition.name;
      // Throws where nothing may be written.
      void this.options.stores.writable;
      this.options.host.requireFree(id);
      const sets = await loadSets(plan.definition.benchmarks, (path) =>
        locateData(fromFile(path, plan.path), 'heldOut', { demoFolder: this.options.demoFolder, signal }),
      );
      const folder = this.folderOf(id);
      await folder.keep(plan, baseFile);
      this.begin(id, plan, folder, sets);
      return id;
    } finally {
      this.isStarting = false;
    }
  }

  /** The run in progress writes a checkpoint; resolves when all is quiet. Throws `experiment.notRunning`. */
  async pause(id: string): Promise<void> {
    if (this.running?.id !== id) {
      throw new WorkbenchError({ code: 'experiment.notRunning', message: `Experiment ${id} is not running.`, remedy: 'Start it first.' });
    }
    const { controller, ended } = this.running;
    controller.abort();
    await ended;
  }

  /** Before the end of the process. */
  async close(): Promise<void> {
    this.running?.controller.abort();
    await this.running?.ended;
  }

  /** In the order of their names; those that cannot be read are left out. */
  async list(): Promise<ExperimentView[]> {
    const views: ExperimentView[] = [];
    for (const name of await experimentNames(this.options.workspace)) {
      try {
        const { definition: _definition, runs: _runs, ...view } = await this.get(name);
        views.push(view);
      } catch (error) {
        this.options.log.error(`experiment ${name}`, error);
      }
    }
    return views;
  }

  /** Throws `experiment.missing`, `experiment.damaged`. */
  async get(id: string): Promise<ExperimentDetail> {
    const folder = this.folderOf(id);
    const plan = await folder.plan();
    const { running } = this;
    const session = running?.id === id ? { done: running.done, seconds: (performance.now() - running.begun) / 1000 } : null;
    const { stores } = this.options;
    if (stores.currentOrNull === null) return experimentDetail(plan, folder, null, session);
    return stores.whileReading((store) => experimentDetail(plan, folder, store, session));
  }

  /** Of what is done. Throws `experiment.missing`, `experiment.damaged`. */
  async report(id: string): Promise<ExperimentReport> {
    const folder = this.folderOf(id);
    const plan = await folder.plan();
    return this.options.stores.whileReading((store) => experimentReport(plan, folder, store));
  }

  private begin(id: string, plan: ExperimentPlan, folder: ExperimentFolder, sets: readonly LoadedSet[]): void {
    const { stores, host, entries, log, onChange } = this.options;
    const controller = new AbortController();
    const graders = new SetGraders(entries.grader);
    const borrowed = new BorrowedPolicy({ host, stores, controller });
    const work = async (): Promise<void> => {
      try {
        const observer = {
          onBegin: () => onChange(id),
          onRun: () => onChange(id),
          onEnd: (_run: unknown, error: string | undefined) => {
            if (this.running !== null) this.running.done++;
            if (error !== undefined) log.info(`experiment ${id}: a run failed: ${error}`);
            onChange(id);
          },
        };
        // The store is kept from one run to the next, and while the report between them is written.
        await stores.whileWriting(() => runExperiment({ plan, folder, host: borrowed, sets, graders, signal: controller.signal, observer }));
        if (borrowed.problem !== undefined) log.error(`experiment ${id} was paused: ${messageOf(borrowed.problem)}`, borrowed.problem);
      } catch (error) {
        log.error(`experiment ${id} ended: ${messageOf(error)}`, error);
      } finally {
        await graders.dispose();
        this.running = null;
        onChange(id);
      }
    };
    // Set before the work begins, which looks for it.
    const ended = Promise.resolve().then(work);
    this.running = { id, controller, done: 0, begun: performance.now(), ended };
    onChange(id);
  }

  private async planOf(source: ExperimentSource): Promise<{ plan: ExperimentPlan; baseFile: { path: string; text: string } | undefined }> {
    if ('id' in source) {
      const { baseFile, ...plan } = await this.folderOf(source.id).plan();
      return { plan, baseFile };
    }
    const path = resolve(source.file.path);
    const definition = parseExperimentFile(path, source.file.text);
    const basePath = definition.base.file === undefined ? undefined : resolve(dirname(path), definition.base.file);
    const baseFile = basePath === undefined ? undefined : { path: basePath, text: await readRunFile(basePath, 'Check "base.file".') };
    return { plan: planExperiment({ definition, path, ...(baseFile === undefined ? {} : { baseFile }) }), baseFile };
  }

  private folderOf(id: string): ExperimentFolder {
    // An id comes from a client, and becomes part of a path.
    if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(id)) return new ExperimentFolder(this.options.workspace, id);
    throw new WorkbenchError({ code: 'experiment.missing', message: `There is no experiment "${id}".`, remedy: 'Choose one of the list.' });
  }
}

function busy(id: string | null): WorkbenchError {
  return new WorkbenchError({
    code: 'experiment.busy',
    message: id === null ? 'Another experiment is being started.' : `Experiment ${id} is running, and one runs at a time.`,
    remedy: 'Pause it (it can be gone on with later), then try again.',
  });
}
