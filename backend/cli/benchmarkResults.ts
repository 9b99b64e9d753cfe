/** The folder of a benchmark: results so far, and their tables. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { WorkbenchError } from '../core/errors.ts';
import { resultsCsv, resultsLatex, resultsMarkdown, type ScoredMethod } from '../experiments/benchmarkTable.ts';
import type { BenchmarkSettings } from '../protocol/experiment.ts';
import type { BenchmarkScores } from '../protocol/experimentViews.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';

/** What `results.json` holds. */
export interface BenchmarkResults {
  readonly version: 1;
  readonly settings: Omit<BenchmarkSettings, 'sets'>;
  readonly methods: readonly { readonly label: string; readonly scores: readonly BenchmarkScores[] }[];
}

/** Scores take the place of those of the same method and set. */
export function withScores(results: BenchmarkResults, label: string, scores: BenchmarkScores): BenchmarkResults {
  const known = results.methods.find((method) => method.label === label);
  const method = { label, scores: [...(known?.scores ?? []).filter(({ set }) => set !== scores.set), scores] };
  const methods = known === undefined ? [...results.methods, method] : results.methods.map((each) => (each === known ? method : each));
  return { ...results, methods };
}

export function scoredMethods({ methods }: BenchmarkResults): ScoredMethod[] {
  return methods.map(({ label, scores }) => ({ label, seeds: [scores] }));
}

export async function saveResults(results: BenchmarkResults, folder: string): Promise<void> {
  const methods = scoredMethods(results);
  await writeFileAtomically(join(folder, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
  await writeFileAtomically(join(folder, 'report.md'), `# Evaluation sets\n\n${resultsMarkdown(methods)}\n`);
  await writeFileAtomically(join(folder, 'results.csv'), resultsCsv(methods));
  await writeFileAtomically(join(folder, 'results.tex'), resultsLatex(methods));
}

/** Throws `benchmark.otherSettings` where the folder's table is of other settings, `benchmark.damaged` where it cannot be read. */
export async function readResults(folder: string, { sets: _sets, ...settings }: BenchmarkSettings): Promise<BenchmarkResults> {
  const path = join(folder, 'results.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { version: 1, settings, methods: [] };
  const results = parsed(text);
  if (results === undefined) {
    throw new WorkbenchError({
      code: 'benchmark.damaged',
      message: `${path} holds no results that this version can read.`,
      remedy: 'Remove the file, give another --out, or use --fresh.',
    });
  }
  if (isDeepStrictEqual(results.settings, settings)) return results;
  throw new WorkbenchError({
    code: 'benchmark.otherSettings',
    message: `${path} holds results of other settings (${JSON.stringify(results.settings)}), which do not belong into one table.`,
    remedy: 'Give another --out, or --fresh to replace it.',
  });
}

function parsed(text: string): BenchmarkResults | undefined {
  try {
    const results = JSON.parse(text) as Partial<BenchmarkResults>;
    return results.version === 1 && Array.isArray(results.methods) ? (results as BenchmarkResults) : undefined;
  } catch {
    return undefined;
  }
}
