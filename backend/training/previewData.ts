/** A run's data to look at before anything starts: how it is read, what is in it, and whether a verifier knows its answers. */
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { presentFields } from '../data/mapping.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { placeOf, readColumns } from '../data/readProblems.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunSource } from '../protocol/methods.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import type { DataPreview, TokenLengths } from '../protocol/dataViews.ts';
import { isOwnFunction } from '../rewards/ownFunction/ownFunction.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { dataLines, dataSetWarnings } from './dataPlan.ts';
import { promptCounter, readRunData } from './dataSets.ts';
import { findVerifier } from './findPlugin.ts';
import { openGrader, testVerifier } from './grading.ts';
import { locateData } from './locateData.ts';
import { resolveRunSource } from './runFile.ts';
import { resolveModel, type SourceOptions } from './sources.ts';

export interface PreviewOptions extends SourceOptions {
  /** `dist/grader.js` */
  readonly grader: string;
  /** Tested on the gold answers; the run's own if left out, and none if empty. */
  readonly verifiers?: readonly string[];
  /** False for a workspace that is not trusted: the researcher's own reward functions are not tested. */
  readonly mayRunFunctions: boolean;
  /** How many problems are shown. */
  readonly examples?: number;
  readonly signal: AbortSignal;
}

/** The run's settings, where a model may still be missing: then `model.path` is empty, and tokens cannot be counted. */
export function resolveDataSource(source: RunSource): RunConfig {
  try {
    return resolveRunSource(source);
  } catch (error) {
    if (!(error instanceof WorkbenchError) || error.code !== 'config.incomplete') throw error;
    return resolveRunSource({ ...source, overrides: { ...source.overrides, 'model.path': '' } });
  }
}

/**
 * Reads all problems, and leaves broken rows out also where a run would stop at them. That a file has no known layout, or not the columns that the run file names, is part of what there is to see
 * (`problem`); throws what else reading throws.
 */
export async function previewData(config: RunConfig, options: PreviewOptions): Promise<DataPreview> {
  let sets: ProblemSets;
  try {
    sets = await readRunData({ ...config, data: { ...config.data, onBrokenRow: 'skip' } }, options);
  } catch (error) {
    if (error instanceof WorkbenchError && ['dataset.unknownLayout', 'dataset.noColumn'].includes(error.code))
      return withoutLayout(config, error, options);
    throw error;
  }
  const { train, heldOut, skipped, read, heldOutRead } = sets;
  const { mapping } = read;
  const tokens = await promptLengths(config, [...train, ...heldOut], options);
  return {
    problem: null,
    files: [...read.files, ...(heldOutRead?.files ?? [])].map(({ path, bytes, source }) => ({ path, bytes, format: source.name })),
    layout: mapping.layout,
    fields: Object.fromEntries(presentFields(mapping)),
    columns: [...mapping.columns].map(([name, example]) => ({ name, example })),
    lines: dataLines({ data: config.data, sets }),
    trainProblems: train.length,
    heldOutProblems: heldOut.length,
    levels: levelsOf(sets),
    examples: train.slice(0, options.examples ?? 3),
    brokenRows: { total: skipped.length, first: skipped.slice(0, 20).map((row) => ({ place: placeOf(row), reason: row.reason })) },
    promptTokens: tokens.lengths,
    verifiers: await testVerifiers(config, [...train, ...heldOut], options),
    warnings: [...brokenRowWarnings(config, sets), ...dataSetWarnings({ ...sets, skipped: [] }), ...tokens.warnings],
  };
}

function brokenRowWarnings({ data }: RunConfig, { skipped }: ProblemSets): string[] {
  if (skipped.length === 0 || data.onBrokenRow === 'skip') return [];
  return ['A run would stop at the first broken row. Correct it, or set data.onBrokenRow to "skip" to train without such rows.'];
}

async function withoutLayout({ data }: RunConfig, error: WorkbenchError, options: PreviewOptions): Promise<DataPreview> {
  const columns = await readColumns(await locateData(data.train, 'train', options), 'train');
  const message = error.message.endsWith(error.remedy) ? error.message.slice(0, -error.remedy.length).trim() : error.message;
  return {
    problem: { code: error.code, message, remedy: error.remedy },
    files: [],
    layout: null,
    fields: {},
    columns: [...columns].map(([name, example]) => ({ name, example })),
    lines: [],
    trainProblems: 0,
    heldOutProblems: 0,
    levels: [],
    examples: [],
    brokenRows: { total: 0, first: [] },
    promptTokens: null,
    verifiers: [],
    warnings: [],
  };
}

function levelsOf({ train, heldOut }: ProblemSets): DataPreview['levels'] {
  const counts = new Map<string, { train: number; heldOut: number }>();
  for (const [set, problems] of Object.entries({ train, heldOut }) as ['train' | 'heldOut', readonly Problem[]][]) {
    for (const { level } of problems) {
      const count = counts.get(level) ?? { train: 0, heldOut: 0 };
      count[set]++;
      counts.set(level, count);
    }
  }
  return [...counts].map(([level, count]) => ({ level, ...count }));
}

async function testVerifiers(
  config: RunConfig,
  problems: readonly Problem[],
  { grader, verifiers, mayRunFunctions, signal }: PreviewOptions,
): Promise<DataPreview['verifiers']> {
  const results: DataPreview['verifiers'][number][] = [];
  for (const name of verifiers ?? [config.verifier]) {
    const verifier = findVerifier(name);
    if (isOwnFunction(verifier) && !mayRunFunctions) continue;
    const graderPool = await openGrader(verifier, { entry: grader, config });
    try {
      const { tested, missed } = await testVerifier({ config, verifier, graderPool, signal }, problems);
      results.push({ name: verifier.name, tested, missed: missed.length, examples: missed.slice(0, 3) });
    } finally {
      await graderPool?.dispose();
    }
  }
  return results;
}

/** Of a large set only so many prompts are counted, spread evenly. */
const mostCounted = 2000;
const mostBars = 12;

/** A model that cannot be opened costs the lengths alone. */
async function promptLengths(
  config: RunConfig,
  problems: readonly Problem[],
  options: PreviewOptions,
): Promise<{ readonly lengths: TokenLengths | null; readonly warnings: readonly string[] }> {
  if (config.model.path === '') return { lengths: null, warnings: [] };
  try {
    const { tokenizerFolder } = await resolveModel(config, { ...options, part: 'description' });
    const tokensOf = promptCounter(await loadTokenizer(tokenizerFolder), config.prompt);
    const every = Math.ceil(problems.length / mostCounted);
    return { lengths: lengthsOf(problems.filter((_, i) => i % every === 0).map(tokensOf)), warnings: [] };
  } catch (error) {
    options.signal.throwIfAborted();
    return { lengths: null, warnings: [`Prompts could not be counted in tokens: ${messageOf(error)}`] };
  }
}

function lengthsOf(counts: readonly number[]): TokenLengths {
  const sorted = [...counts].sort((a, b) => a - b);
  const at = (place: number): number => sorted[Math.min(sorted.length - 1, place)] ?? 0;
  const [shortest, longest] = [at(0), at(sorted.length - 1)];
  const width = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((step) => (longest - shortest) / step < mostBars) ?? 10_000;
  const first = Math.floor(shortest / width);
  const bars = Array.from({ length: Math.floor(longest / width) - first + 1 }, (_, i) => ({ upTo: (first + i + 1) * width - 1, count: 0 }));
  for (const count of sorted) {
    const bar = bars[Math.floor(count / width) - first];
    if (bar !== undefined) bar.count++;
  }
  return { counted: sorted.length, shortest, median: at(Math.floor(sorted.length / 2)), longest, bars };
}
