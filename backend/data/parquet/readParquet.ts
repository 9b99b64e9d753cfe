/** Rows of a Parquet file, one row group in memory at a time, and only the columns that are wanted. */
import { open, type FileHandle } from 'node:fs/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type AsyncBuffer, type FileMetaData, type RowGroup } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf } from '../../core/errors.ts';
import { brokenFile, unreadable } from '../byteStream.ts';
import type { ReadRowsOptions, Row, SourceRow } from '../source.ts';
import { checkPages } from './pageChecks.ts';
import { parsers, plainRow } from './plainValue.ts';

/** Node's own decompressors where it has one. */
const decompressors = {
  ...compressors,
  GZIP: (input: Uint8Array, outputLength: number) => gunzipSync(input, { maxOutputLength: Math.max(1, outputLength) }),
  BROTLI: (input: Uint8Array, outputLength: number) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, outputLength) }),
};

/** Throws `dataset.unreadable`, or `dataset.brokenFile` naming the rows of the damaged part. */
export async function* readParquet(path: string, { columns, atMost = Infinity }: ReadRowsOptions): AsyncGenerator<SourceRow> {
  const file = await openFile(path);
  try {
    const { buffer, metadata } = await openParquet(path, file);
    const elements = parquetSchema(metadata).children.map(({ element }) => element);
    const known = new Set(elements.map(({ name }) => name));
    const decimals = new Map(
      elements.flatMap(({ name, converted_type, scale }) =>
        converted_type === 'DECIMAL' ? [[name, Math.min(100, Math.max(0, scale ?? 0))] as const] : [],
      ),
    );
    const wanted = columns?.filter((name) => known.has(name)) ?? [...known];
    let start = 0;
    for (const group of metadata.row_groups) {
      const end = Math.min(start + Number(group.num_rows), atMost);
      if (end <= start) break;
      const rows = wanted.length === 0 ? [] : await readGroup(path, { buffer, metadata, group, columns: wanted, start, end });
      for (const [i, row] of rows.entries()) yield { number: start + i + 1, row: plainRow(row, decimals) };
      start = end;
    }
  } finally {
    await file.close();
  }
}

interface GroupRequest {
  readonly buffer: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly group: RowGroup;
  readonly columns: string[];
  readonly start: number;
  readonly end: number;
}

async function readGroup(path: string, { buffer, metadata, group, columns, start, end }: GroupRequest): Promise<Row[]> {
  try {
    // Who looks at the first rows only does not read all pages.
    if (BigInt(end - start) === group.num_rows) await checkPages(buffer, group, columns);
    const rows = await parquetReadObjects({ file: buffer, metadata, columns, rowStart: start, rowEnd: end, compressors: decompressors, parsers });
    if (rows.length !== end - start) throw new Error(`it holds ${rows.length} of ${end - start} rows`);
    return rows;
  } catch (cause) {
    throw brokenFile(path, `rows ${start + 1} to ${end} cannot be read (${messageOf(cause)})`, cause);
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function openParquet(path: string, file: FileHandle): Promise<{ buffer: AsyncBuffer; metadata: FileMetaData }> {
  try {
    const { size } = await file.stat();
    const buffer: AsyncBuffer = {
      byteLength: size,
      slice(start, end = size) {
        const slice = readSlice(file, size, start, end);
        // The reader fetches ahead, and may give up before it looks at what it fetched.
        slice.catch(() => undefined);
        return slice;
      },
    };
    // Marking geographic columns would not end for a schema with a negative number of children.
    const metadata = await parquetMetadataAsync(buffer, { parsers, geoparquet: false });
    requirePlausible(metadata);
    return { buffer, metadata };
  } catch (cause) {
    throw brokenFile(path, messageOf(cause), cause);
  }
}

/** What the reader believes without a look: counts that its loops run to. */
function requirePlausible({ schema, row_groups, num_rows }: FileMetaData): void {
  if (schema.some(({ num_children = 0 }) => num_children < 0 || num_children >= schema.length)) throw new Error('its schema is damaged');
  const rows = row_groups.map((group) => group.num_rows);
  if (rows.some((count) => count < 0n || count > 0xffffffffn) || rows.reduce((a, b) => a + b, 0n) !== num_rows) {
    throw new Error(`its row groups do not add up to ${num_rows} rows`);
  }
}

/** Places are read from the file itself, so they are checked before anything of their size is made. */
async function readSlice(file: FileHandle, size: number, start: number, end: number): Promise<ArrayBuffer> {
  const from = start < 0 ? Math.max(0, size + start) : start;
  if (!(from <= end && end <= size)) throw new Error(`bytes ${from} to ${end} lie outside of the file's ${size}`);
  const bytes = new Uint8Array(end - from);
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0) throw new Error('the file became shorter');
    done += bytesRead;
  }
  return bytes.buffer;
}
