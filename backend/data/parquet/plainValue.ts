/** Values of a Parquet file as plain ones, the same that a JSON file would give. */
import type { Row } from '../source.ts';

/** Stands for a text or JSON value that could not be decoded, so that it costs the row that needs it and not the file. */
const undecodable = Symbol('not valid UTF-8 or JSON');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return utf8.decode(bytes);
  } catch {
    return undecodable;
  }
}

/** How stored values are read: texts strictly, dates and times as ISO 8601 texts. */
export const parsers = {
  stringFromBytes: decode,
  jsonFromBytes(bytes: Uint8Array | undefined): unknown {
    const text = decode(bytes);
    if (typeof text !== 'string') return text;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return undecodable;
    }
  },
  dateFromDays: (days: number | undefined) => isoText(days === undefined ? undefined : days * 86_400_000, 10),
  timestampFromMilliseconds: (time: bigint | undefined) => isoText(time, 24),
  timestampFromMicroseconds: (time: bigint | undefined) => isoText(time === undefined ? undefined : time / 1000n, 24),
  timestampFromNanoseconds: (time: bigint | undefined) => isoText(time === undefined ? undefined : time / 1_000_000n, 24),
};

function isoText(milliseconds: number | bigint | undefined, length: number): string | undefined {
  if (milliseconds === undefined) return undefined;
  const date = new Date(Number(milliseconds));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().slice(0, length);
}

/**
 * Whole numbers beyond 2^53 become texts. What could not be decoded is a symbol, which no field of a problem accepts.
 * `decimals` are the columns that are decimal fractions, each with its number of places.
 */
export function plainRow(row: Row, decimals: ReadonlyMap<string, number>): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const places = decimals.get(name);
      // The reader multiplies by a power of ten, which leaves 57 × 0.01 beside 0.57.
      return [name, typeof value === 'number' && places !== undefined ? Number(value.toFixed(places)) : plainValue(value)];
    }),
  );
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== 'object' || value === null) return value ?? null;
  if (Array.isArray(value)) return value.map(plainValue);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plainValue);
  if (value instanceof Date) return value.toISOString();
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]));
}
