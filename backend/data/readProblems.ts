/** Problems from the files that a path stands for: found, read, recognized and checked row by row. */
import { basename } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import type { ColumnsConfig } from '../protocol/dataConfig.ts';
import type { Problem } from '../protocol/records.ts';
import { BrokenRow } from './brokenRow.ts';
import { columnsOf, firstLevel, type Columns } from './columns.ts';
import { findDataFiles, type DataFile, type DataRole } from './dataFiles.ts';
import { mappingOf, neededColumns, type Mapping } from './mapping.ts';
import { problemOf } from './row.ts';
import type { Row, SourceRow } from './source.ts';

export interface SkippedRow {
  readonly path: string;
  /** Counts from 1. */
  readonly number: number;
  /** What `number` counts in that file. */
  readonly unit: 'line' | 'row';
  readonly reason: string;
}

export interface LoadedProblems {
  /** In the order of the files. */
  readonly problems: readonly Problem[];
  readonly skipped: readonly SkippedRow[];
  readonly files: readonly DataFile[];
  readonly mapping: Mapping;
}

export interface ReadProblemsOptions {
  /** `refuse` throws at the first broken row, `skip` leaves it out and says so. */
  readonly onBrokenRow: 'refuse' | 'skip';
  /** `auto`, or the name of a layout. */
  readonly layout?: string;
  readonly columns?: ColumnsConfig;
  /** What the problems are for; `train` if left out. */
  readonly role?: DataRole;
  /** Stops after so many problems. */
  readonly atMost?: number;
  readonly signal?: AbortSignal;
}

/** Rows that a layout is recognized from. */
const sampleSize = 100;

/**
 * Reads a file (JSONL, JSON, CSV, TSV, Parquet), a folder of shards or a pattern. Throws `dataset.…`: `notFound`, `unreadable`,
 * `brokenFile`, `unknownLayout`, `noColumn`, `brokenRow` (with file and line or row) or `empty`.
 */
export async function readProblems(path: string, options: ReadProblemsOptions): Promise<LoadedProblems> {
  const files = await findDataFiles(path, options.role ?? 'train');
  const collected = new Collected(files.length > 1, options.onBrokenRow);
  let mapping: Mapping | undefined;
  for (const file of files) {
    mapping ??= await recognize(path, file, options);
    if (mapping === undefined) {
      // Not one row that can be read: each is reported as broken.
      for await (const row of file.source.read(file.path, {})) collected.add(file, row, null);
      continue;
    }
    for await (const row of file.source.read(file.path, { columns: wantedColumns(mapping) })) {
      options.signal?.throwIfAborted();
      collected.add(file, row, mapping);
      if (collected.problems.length >= (options.atMost ?? Infinity)) break;
    }
    if (collected.problems.length >= (options.atMost ?? Infinity)) break;
  }
  const { problems, skipped } = collected;
  if (mapping === undefined || problems.length === 0) throw emptyError(path, skipped);
  return { problems, skipped, files, mapping };
}

type Place = Pick<SkippedRow, 'path' | 'number' | 'unit'>;

/** Where a row stands, as an error or a warning names it: `train.jsonl:7`, `train.parquet row 7`. */
export function placeOf({ path, number, unit }: Place): string {
  return unit === 'line' ? `${path}:${number}` : `${path} row ${number}`;
}

/** What the first rows of a path's files have, for people to choose from. Empty where no row can be read. Throws like `readProblems`. */
export async function readColumns(path: string, role: DataRole): Promise<Columns> {
  const [first] = await findDataFiles(path, role);
  return columnsOf(first === undefined ? [] : await firstRows(first));
}

async function recognize(path: string, file: DataFile, { layout = 'auto', columns = {} }: ReadProblemsOptions): Promise<Mapping | undefined> {
  const rows = await firstRows(file);
  return rows.length === 0 ? undefined : mappingOf({ path, layout, written: columns, rows });
}

/** Of those that can be read. */
async function firstRows(file: DataFile): Promise<Row[]> {
  const rows: Row[] = [];
  let seen = 0;
  for await (const { row } of file.source.read(file.path, { atMost: sampleSize })) {
    if (!(row instanceof BrokenRow)) rows.push(row);
    if (rows.length >= sampleSize || ++seen >= 100 * sampleSize) break;
  }
  return rows;
}

function wantedColumns(mapping: Mapping): string[] {
  return [...new Set(neededColumns(mapping).map((column) => firstLevel(column, mapping.columns)))];
}

/** What has been read so far. */
class Collected {
  readonly problems: Problem[] = [];
  readonly skipped: SkippedRow[] = [];
  private readonly placeById = new Map<string, string>();
  private readonly hasSeveralFiles: boolean;
  private readonly onBrokenRow: 'refuse' | 'skip';

  constructor(hasSeveralFiles: boolean, onBrokenRow: 'refuse' | 'skip') {
    this.hasSeveralFiles = hasSeveralFiles;
    this.onBrokenRow = onBrokenRow;
  }

  /** Throws `dataset.brokenRow` for a broken one that is to be refused. */
  add(file: DataFile, { number, row }: SourceRow, mapping: Mapping | null): void {
    const place: Place = { path: file.path, number, unit: file.source.unit };
    try {
      if (row instanceof BrokenRow) throw row;
      if (mapping !== null) this.problems.push(this.withOwnId(problemOf(row, mapping, this.defaultId(place)), place, mapping));
    } catch (error) {
      if (!(error instanceof BrokenRow)) throw error;
      if (this.onBrokenRow === 'refuse') throw brokenRowError(place, error);
      this.skipped.push({ ...place, reason: error.problem });
    }
  }

  /** A row without an id is called by its place. */
  private defaultId({ path, number, unit }: Place): string {
    const own = `${unit}-${number}`;
    return this.hasSeveralFiles ? `${basename(path).replace(/(\.[a-z]+)+$/iu, '')}:${own}` : own;
  }

  /** Ids that were meant to be unique must be; others get the row's place where they repeat. Throws `BrokenRow`. */
  private withOwnId(problem: Problem, place: Place, { hasUniqueIds }: Mapping): Problem {
    const { id } = problem;
    const earlier = this.placeById.get(id);
    if (earlier !== undefined && hasUniqueIds) {
      throw new BrokenRow(`the id ${JSON.stringify(id)} was used ${earlier}`, 'Give each problem an id of its own, or none.');
    }
    const own = earlier === undefined ? id : `${id}:${this.defaultId(place)}`;
    this.placeById.set(own, this.hasSeveralFiles ? `in ${placeOf(place)}` : `on ${place.unit} ${place.number}`);
    return own === id ? problem : { ...problem, id: own };
  }
}

function brokenRowError(place: Place, row: BrokenRow): WorkbenchError {
  return new WorkbenchError({
    code: 'dataset.brokenRow',
    message: `${placeOf(place)}${place.unit === 'line' && row.column !== undefined ? `:${row.column}` : ''}: ${row.problem}.`,
    remedy: `${row.remedy} To leave out broken rows, set "onBrokenRow": "skip".`,
    cause: row,
  });
}

function emptyError(path: string, skipped: readonly SkippedRow[]): WorkbenchError {
  const [first] = skipped;
  return new WorkbenchError({
    code: 'dataset.empty',
    message:
      first === undefined
        ? `The dataset ${path} has no rows.`
        : `All ${skipped.length} rows of ${path} are broken; the first, ${first.unit} ${first.number}: ${first.reason}.`,
    remedy: 'Give one object a row, with at least a prompt and an answer.',
  });
}
