/** Writes rows as they come, as JSON Lines or as Parquet, as the file's name says. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { writeParquetRows, type ColumnType } from '../data/parquet/writeParquet.ts';
import { writeJsonl } from '../data/writeJsonl.ts';

/** Returns how many rows were written; without any there is no file. Throws `export.unknownFormat`, `output.unwritable`. */
export async function writeRows(
  path: string,
  columns: Readonly<Record<string, ColumnType>>,
  rows: Iterable<Readonly<Record<string, unknown>>>,
): Promise<number> {
  const isJsonl = /\.jsonl(?:\.gz)?$/.test(path);
  if (!isJsonl && !path.endsWith('.parquet')) {
    throw new WorkbenchError({
      code: 'export.unknownFormat',
      message: `${path} ends in neither .jsonl, .jsonl.gz nor .parquet.`,
      remedy: 'Name a file with one of these endings.',
    });
  }
  const iterator = rows[Symbol.iterator]();
  const first = iterator.next();
  if (first.done === true) return 0;
  try {
    await mkdir(dirname(path), { recursive: true });
    const all = chain(first.value, iterator);
    return isJsonl ? await writeJsonl(path, all) : writeParquetRows(path, columns, all);
  } catch (error) {
    if (error instanceof WorkbenchError) throw error;
    throw new WorkbenchError({
      code: 'output.unwritable',
      message: `${path} cannot be written (${messageOf(error)}).`,
      remedy: 'Give the path of a file that may be written.',
      cause: error,
    });
  }
}

function* chain<T>(first: T, rest: Iterator<T>): Generator<T> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}
