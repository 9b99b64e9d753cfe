/** Writes a Parquet file with nested columns, as pyarrow, verl and TRL read them. */
import { renameSync, rmSync } from 'node:fs';
import type { SchemaElement } from 'hyparquet';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';

/** `integer`: whole numbers of 64 bits. A list holds values of one type, an object named ones; any of them may be null. */
export type ColumnType =
  'text' | 'double' | 'integer' | 'boolean' | { readonly list: ColumnType } | { readonly fields: Readonly<Record<string, ColumnType>> };

export interface ParquetColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** One a row; null or undefined where there is none. */
  readonly values: readonly unknown[];
}

export interface WriteParquetOptions {
  /** Kept in the file's footer. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Rows that a reader takes at a time, at most. Default 10,000. */
  readonly rowGroupSize?: number;
}

/** A row group ends with the row whose texts come to so many letters: what is in memory at a time. */
const groupLetters = 8 * 2 ** 20;

/** `writeParquetRows` of values that are in memory by column; all columns have one value a row. */
export function writeParquet(path: string, columns: readonly ParquetColumn[], options: WriteParquetOptions = {}): void {
  function* rows(): Generator<Record<string, unknown>> {
    for (let row = 0; row < (columns[0]?.values.length ?? 0); row++) yield Object.fromEntries(columns.map(({ name, values }) => [name, values[row]]));
  }
  writeParquetRows(path, Object.fromEntries(columns.map(({ name, type }) => [name, type])), rows(), options);
}

/**
 * Writes rows as they come, a row group of them in memory at a time, and returns their number. The file is written beside its name and renamed into
 * place, so that nobody reads half of it; the folder must be there. Throws for values that are not of their column's type.
 */
export function writeParquetRows(
  path: string,
  columns: Readonly<Record<string, ColumnType>>,
  rows: Iterable<Readonly<Record<string, unknown>>>,
  { metadata = {}, rowGroupSize = 10_000 }: WriteParquetOptions = {},
): number {
  const types = Object.entries(columns);
  const partial = `${path}.${process.pid}.partial`;
  const root: SchemaElement = { name: 'root', num_children: types.length };
  let count = 0;
  try {
    const writer = new ParquetWriter({
      writer: fileWriter(partial),
      schema: [root, ...types.flatMap(([name, type]) => schemaOf(name, type))],
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    let group: unknown[][] = types.map(() => []);
    let [size, letters] = [0, 0];
    const writeGroup = (): void => {
      void writer.write({ columnData: types.map(([name], at) => ({ name, data: group[at] as unknown[] })), rowGroupSize: Math.max(1, size) });
      group = types.map(() => []);
      [size, letters] = [0, 0];
    };
    for (const row of rows) {
      count++;
      size++;
      for (const [at, [name, type]] of types.entries()) {
        group[at]?.push(storedValue(row[name], type, `${name}, row ${count}`));
        letters += lettersIn(row[name]);
      }
      if (size >= rowGroupSize || letters >= groupLetters) writeGroup();
    }
    if (size > 0) writeGroup();
    void writer.finish();
    renameSync(partial, path);
    return count;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** Of the texts in a value. */
function lettersIn(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + lettersIn(inner), 0);
}

function schemaOf(name: string, type: ColumnType): SchemaElement[] {
  const optional = { name, repetition_type: 'OPTIONAL' } as const;
  if (typeof type === 'string') return [{ ...optional, ...leafTypes[type] }];
  if ('list' in type) {
    return [
      { ...optional, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...schemaOf('element', type.list),
    ];
  }
  const fields = Object.entries(type.fields);
  return [{ ...optional, num_children: fields.length }, ...fields.flatMap(([field, inner]) => schemaOf(field, inner))];
}

const leafTypes = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  double: { type: 'DOUBLE' },
  integer: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
} as const satisfies Record<string, Partial<SchemaElement>>;

/** The value as the writer wants it: whole numbers as BigInt, no fields beyond the type's. */
function storedValue(value: unknown, type: ColumnType, place: string): unknown {
  if (value === null || value === undefined) return null;
  if (typeof type === 'string') {
    if (type === 'integer' && (typeof value === 'bigint' || Number.isSafeInteger(value))) return BigInt(value as bigint | number);
    if (typeof value === scalarTypes[type]) return value;
  } else if ('list' in type) {
    if (Array.isArray(value)) return value.map((inner) => storedValue(inner, type.list, place));
  } else if (typeof value === 'object' && !Array.isArray(value)) {
    const own = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(Object.entries(type.fields).map(([field, inner]) => [field, storedValue(own[field], inner, `${place}, ${field}`)]));
  }
  throw new Error(`the value of column ${place} is ${typeof value}, not ${typeof type === 'string' ? type : Object.keys(type)[0]}`);
}

const scalarTypes = { text: 'string', double: 'number', integer: 'bigint', boolean: 'boolean' } as const;
