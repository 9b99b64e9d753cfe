/** Rows of a Parquet file. */
import { readParquet } from '../parquet/readParquet.ts';
import type { DataSource } from '../source.ts';

export const parquet: DataSource = {
  name: 'parquet',
  extensions: ['parquet'],
  unit: 'row',
  matches: (head) => head.subarray(0, 4).toString('latin1') === 'PAR1',
  read: readParquet,
};
