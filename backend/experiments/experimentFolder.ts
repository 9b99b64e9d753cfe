/** Where an experiment keeps what is not in the store: its definition, failures of cells, scores on evaluation sets, and the report. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { experimentFileSchema, type ExperimentFile } from '../protocol/experiment.ts';
import type { BenchmarkScores, RescueStudy } from '../protocol/experimentViews.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { planExperiment, type ExperimentPlan } from './grid.ts';

/** What `experiment.json` holds: enough to show the experiment, and to go on with it, without its file. */
interface KeptExperiment {
  readonly version: 1;
  readonly path: string;
  readonly definition: ExperimentFile;
  readonly baseFile?: { readonly path: string; readonly text: string };
}

export class ExperimentFolder {
  readonly path: string;

  constructor(workspace: string, name: string) {
    this.path = join(experimentsFolder(workspace), name);
  }

  get reportFolder(): string {
    return join(this.path, 'report');
  }

  answersFile(runId: string, set: string): string {
    return join(this.path, 'answers', runId, `${set}.jsonl`);
  }

  async keep({ definition, path }: ExperimentPlan, baseFile: KeptExperiment['baseFile']): Promise<void> {
    const kept: KeptExperiment = { version: 1, path, definition, ...(baseFile === undefined ? {} : { baseFile }) };
    await this.write('experiment.json', kept);
  }

  /** The plan as it was kept. Throws `experiment.missing`, `experiment.damaged`, and what planning throws. */
  async plan(): Promise<ExperimentPlan & { readonly baseFile?: KeptExperiment['baseFile'] }> {
    const kept = (await this.read('experiment.json')) as Partial<KeptExperiment> | undefined;
    if (kept === undefined) {
      throw new WorkbenchError({
        code: 'experiment.missing',
        message: `There is no experiment in ${this.path}.`,
        remedy: 'Start it from its file first.',
      });
    }
    const definition = experimentFileSchema.safeParse(kept.definition);
    if (kept.version !== 1 || typeof kept.path !== 'string' || !definition.success) throw damaged(join(this.path, 'experiment.json'));
    const { baseFile } = kept;
    return { ...planExperiment({ definition: definition.data, path: kept.path, ...(baseFile === undefined ? {} : { baseFile }) }), baseFile };
  }

  /** Messages of runs that failed, by `failureKey`. */
  async failures(): Promise<Readonly<Record<string, string>>> {
    return ((await this.read('failures.json')) ?? {}) as Record<string, string>;
  }

  async setFailure(key: string, message: string | null): Promise<void> {
    const { [key]: known, ...others } = await this.failures();
    if ((known ?? null) === message) return;
    await this.write('failures.json', message === null ? others : { ...others, [key]: message });
  }

  /** Scores of a run, by set. */
  async scores(runId: string): Promise<Readonly<Record<string, BenchmarkScores>>> {
    return ((await this.read(join('scores', `${runId}.json`))) ?? {}) as Record<string, BenchmarkScores>;
  }

  async keepScores(runId: string, scores: BenchmarkScores): Promise<void> {
    await this.write(join('scores', `${runId}.json`), { ...(await this.scores(runId)), [scores.set]: scores });
  }

  /** What critics rescue of the failures of a run, as far as it is known. */
  async rescue(runId: string): Promise<RescueStudy | null> {
    return ((await this.read(join('rescue', `${runId}.json`))) ?? null) as RescueStudy | null;
  }

  async keepRescue(runId: string, study: RescueStudy): Promise<void> {
    await this.write(join('rescue', `${runId}.json`), study);
  }

  /** File name → text, in place of what the report had. */
  async writeReport(files: ReadonlyMap<string, string>): Promise<void> {
    await mkdir(this.reportFolder, { recursive: true });
    for (const name of await readdir(this.reportFolder)) if (!files.has(name)) await rm(join(this.reportFolder, name), { force: true });
    for (const [name, text] of files) await writeFileAtomically(join(this.reportFolder, name), text);
  }

  private async write(name: string, value: unknown): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, `${JSON.stringify(value, null, 1)}\n`);
  }

  private async read(name: string): Promise<unknown> {
    const path = join(this.path, name);
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw damaged(path, cause);
    }
  }
}

export function failureKey(cell: string, seed: number): string {
  return `${cell} · seed ${seed}`;
}

/** Names of the experiments of a workspace, sorted. */
export async function experimentNames(workspace: string): Promise<string[]> {
  const entries = await readdir(experimentsFolder(workspace), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function experimentsFolder(workspace: string): string {
  return join(storeFolder(workspace), 'experiments');
}

function damaged(path: string, cause?: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'experiment.damaged',
    message: `${path} cannot be read by this version.`,
    remedy: 'Remove the file, then start the experiment from its own file; runs that are done are found again.',
    cause,
  });
}
