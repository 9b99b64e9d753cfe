/** The problems of a run: read, filtered, and divided into those trained on and those held out, as the run file says. */
import { isDeepStrictEqual } from 'node:util';
import { WorkbenchError } from '../core/errors.ts';
import type { DataConfig } from '../protocol/dataConfig.ts';
import type { Problem } from '../protocol/records.ts';
import type { DataRole } from './dataFiles.ts';
import { filterProblems, limitProblems, splitProblems, type FilterOptions } from './problemFilter.ts';
import { readProblems, type LoadedProblems, type ReadProblemsOptions, type SkippedRow } from './readProblems.ts';

export interface ProblemSets {
  readonly train: readonly Problem[];
  /** Empty if there are none. */
  readonly heldOut: readonly Problem[];
  /** Rows left out of both. */
  readonly skipped: readonly SkippedRow[];
  /** What was read as training problems, before filter, split and limit. */
  readonly read: LoadedProblems;
  /** What was read as held-out problems, where they are a file of their own. */
  readonly heldOutRead: LoadedProblems | null;
  /** Problems read that the filter left out. */
  readonly filteredOut: number;
}

export interface ReadSetsOptions extends FilterOptions {
  /** Where a path of the run file lies on this machine. */
  readonly locate: (path: string, role: DataRole) => string | Promise<string>;
  readonly signal?: AbortSignal;
}

/** Throws what reading throws, `data.twoHeldOut`, `data.badSplit`, `data.filterUnknown`, or `data.nothingLeft`. */
export async function readSets(data: DataConfig, options: ReadSetsOptions): Promise<ProblemSets> {
  if (data.heldOut !== null && data.split !== null) {
    throw new WorkbenchError({
      code: 'data.twoHeldOut',
      message: 'Both data.heldOut and data.split say which problems are held out.',
      remedy: 'Keep one of them.',
    });
  }
  const { onBrokenRow, layout } = data;
  const request: ReadProblemsOptions = {
    onBrokenRow,
    layout,
    columns: data.columns,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const read = await readProblems(await options.locate(data.train, 'train'), request);
  const kept = filterProblems(read.problems, data.filter, options);
  if (kept.length === 0) {
    throw new WorkbenchError({
      code: 'data.nothingLeft',
      message: `data.filter leaves none of the ${read.problems.length} problems of ${data.train}.`,
      remedy: 'Loosen it.',
    });
  }
  const split = data.split === null ? { train: kept, heldOut: [] } : splitProblems(kept, data.split, data.seed);
  const train = data.limit === null ? split.train : limitProblems(split.train, data.limit, data.seed);
  const sets = { train, heldOut: split.heldOut, skipped: read.skipped, read, heldOutRead: null, filteredOut: read.problems.length - kept.length };
  if (data.heldOut === null) return sets;
  const heldOutRead = await readProblems(await options.locate(data.heldOut, 'heldOut'), {
    ...request,
    role: 'heldOut',
    ...(data.heldOutColumns === null ? {} : { layout: 'auto', columns: data.heldOutColumns }),
  });
  return { ...sets, heldOut: withOwnIds(heldOutRead.problems, train), heldOutRead, skipped: [...read.skipped, ...heldOutRead.skipped] };
}

/** Files without ids both number their rows: a held-out problem that only shares the id of a training problem gets one of its own. */
function withOwnIds(heldOut: readonly Problem[], train: readonly Problem[]): readonly Problem[] {
  const trainById = new Map(train.map((problem) => [problem.id, problem]));
  return heldOut.map((problem) => {
    const namesake = trainById.get(problem.id);
    return namesake === undefined || isDeepStrictEqual(namesake, problem) ? problem : { ...problem, id: `heldOut:${problem.id}` };
  });
}
