/** Reads the file of an evaluation set into problems, in whatever format it is published in. */
import { WorkbenchError } from '../../core/errors.ts';
import { Rng } from '../../core/rng.ts';
import { BrokenRow } from '../brokenRow.ts';
import { findDataFiles } from '../dataFiles.ts';
import type { Benchmark, BenchmarkProblem, BenchmarkQuestion } from './benchmark.ts';
import { benchmarks } from './index.ts';

export interface ReadBenchmarkOptions {
  /** Of the order of choices, and of the draw of `limit`. */
  readonly seed: number;
  /** At most so many problems, drawn at random with the seed, in the order of the file; all if undefined. */
  readonly limit?: number;
}

export interface LoadedBenchmark {
  readonly problems: readonly BenchmarkProblem[];
  /** Rows that are not of the set, such as questions with pictures. */
  readonly leftOut: number;
  /** Problems in the file, before `limit`. */
  readonly found: number;
}

/** By its name or title, whatever the case and hyphens. Throws `benchmark.unknown`. */
export function findBenchmark(name: string): Benchmark {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const found = Object.values(benchmarks).find((benchmark) => [benchmark.name, benchmark.title].some((known) => plain(known) === plain(name)));
  if (found !== undefined) return found;
  throw new WorkbenchError({
    code: 'benchmark.unknown',
    message: `There is no evaluation set named "${name}".`,
    remedy: `Choose one of: ${Object.keys(benchmarks).join(', ')}.`,
  });
}

/**
 * The problems in the order of the file (or of the files, for a folder or a pattern). A row that cannot be read ends it, because a score over
 * the rest would pass for one over the set. Throws `dataset.…`.
 */
export async function readBenchmark(benchmark: Benchmark, path: string, { seed, limit }: ReadBenchmarkOptions): Promise<LoadedBenchmark> {
  const problems: BenchmarkProblem[] = [];
  const ids = new Set<string>();
  let leftOut = 0;
  let number = 0;
  for (const file of await findDataFiles(path, 'heldOut')) {
    for await (const { number: place, row } of file.source.read(file.path, {})) {
      number++;
      try {
        if (row instanceof BrokenRow) throw row;
        const question = benchmark.question(row, { number, seed });
        if (question === null) leftOut++;
        else problems.push(problemOf(benchmark, question, ids));
      } catch (error) {
        throw error instanceof BrokenRow ? brokenRow(benchmark, `${file.path}:${place}`, error) : error;
      }
    }
  }
  if (problems.length === 0) throw empty(benchmark, path, leftOut);
  return { problems: limit === undefined ? problems : drawn(problems, limit, seed), leftOut, found: problems.length };
}

/** Choices follow the question, each on its line behind its letter. Ids that a set gives twice are told apart by a number. */
function problemOf({ name, verifier }: Benchmark, question: BenchmarkQuestion, ids: Set<string>): BenchmarkProblem {
  const { text, answer, level, choices, metadata } = question;
  let id = `${name}/${question.id}`;
  for (let n = 2; ids.has(id); n++) id = `${name}/${question.id}#${n}`;
  ids.add(id);
  const lines = (choices ?? []).map((choice, i) => `${String.fromCharCode(65 + i)}. ${choice}`);
  return {
    problem: {
      id,
      prompt: [{ role: 'user', content: lines.length === 0 ? text : `${text}\n\n${lines.join('\n')}` }],
      answer,
      level,
      ...(choices === undefined ? {} : { choices: [...choices] }),
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    },
    verifier: question.verifier ?? verifier,
  };
}

function drawn(problems: readonly BenchmarkProblem[], limit: number, seed: number): readonly BenchmarkProblem[] {
  if (limit >= problems.length) return problems;
  const chosen = new Set(Rng.of(seed, 'benchmarkLimit').sample([...problems.keys()], limit));
  return problems.filter((_, i) => chosen.has(i));
}

function brokenRow({ title, name }: Benchmark, place: string, row: BrokenRow): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.brokenRow',
    message: `${place}, read as ${title}: ${row.problem}.`,
    remedy: `${row.remedy} The set is chosen by the name before the path (${name}=…).`,
    cause: row,
  });
}

function empty({ title, origin }: Benchmark, path: string, leftOut: number): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.empty',
    message: leftOut === 0 ? `${path} has no rows.` : `None of the ${leftOut} rows of ${path} is of ${title}.`,
    remedy: `Give the file of ${title}, for example ${origin}.`,
  });
}
