/** Writes a Parquet file with nested columns, as pyarrow, verl and TRL read them. */
import { renameSync, rmSync } from 'node:fs';
import type { SchemaElement } from 'hyparquet';
import { parquetWriteFile } from 'hyparquet-writer';

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
  /** Rows that a reader takes at a time. */
  readonly rowGroupSize?: number;
}

/**
 * All columns have one value a row. The file is written beside its name and renamed into place, so that nobody reads half of it; the
 * folder must be there. Throws for values that are not of their column's type.
 */
export function writeParquet(
  path: string,
  columns: readonly ParquetColumn[],
  { metadata = {}, rowGroupSize = 1000 }: WriteParquetOptions = {},
): void {
  const partial = `${path}.${process.pid}.partial`;
  const root: SchemaElement = { name: 'root', num_children: columns.length };
  try {
    parquetWriteFile({
      filename: partial,
      schema: [root, ...columns.flatMap(({ name, type }) => schemaOf(name, type))],
      columnData: columns.map(({ name, type, values }) => ({
        name,
        data: values.map((value, row) => storedValue(value, type, `${name}, row ${row + 1}`)),
      })),
      rowGroupSize,
      kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
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
