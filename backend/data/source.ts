/** What a source of rows is: one file in `sources/`, listed by the generated `index.ts`. */
import type { BrokenRow } from './brokenRow.ts';

/** One record of a data file: plain values only (text, numbers, booleans, null, lists, objects). */
export type Row = Readonly<Record<string, unknown>>;

export interface SourceRow {
  /** Counts from 1: the line where the row begins, or its place in the file, as `unit` of the source says. */
  readonly number: number;
  /** What is wrong with a row that cannot be read; the rows after it can. */
  readonly row: Row | BrokenRow;
}

export interface ReadRowsOptions {
  /** Columns of the first level that are wanted; a source that can read them alone leaves the others out. All if undefined. */
  readonly columns?: readonly string[];
  /** Only so many rows are going to be taken; a source that reads many at a time need not read more. */
  readonly atMost?: number;
}

export interface DataSource {
  readonly name: string;
  /** Endings of its files in small letters, without dot and without `.gz`. */
  readonly extensions: readonly string[];
  /** What `SourceRow.number` counts. */
  readonly unit: 'line' | 'row';
  /** Whether a file of unknown ending begins like one of its own. `head` is uncompressed and may be cut anywhere. */
  matches(head: Buffer): boolean;
  /**
   * Rows in the order of the file, a bounded part of it in memory at a time. A file that cannot be read further throws
   * `dataset.unreadable` or `dataset.brokenFile`.
   */
  read(path: string, options: ReadRowsOptions): AsyncIterable<SourceRow>;
}
