/**
 * Records of separated values (RFC 4180), one at a time. A record with broken quotes costs its first line alone: the next record is
 * looked for on the line after it, so that one stray quote does not swallow the rest of a file.
 */
import { BrokenRow } from './brokenRow.ts';
import { decodeRow, maxRowBytes } from './jsonText.ts';
import type { Line } from './lines.ts';

export interface CsvRecord {
  /** Line where it begins, counted from 1. */
  readonly line: number;
  readonly fields: readonly string[] | BrokenRow;
}

/** What is known of a record whose last quote is still open. */
interface OpenRecord {
  readonly fields: string[];
  /** The field that is open, without its opening quote. */
  field: string;
}

/** Empty lines are left out. A quote within an unquoted value is a character like any other. */
export async function* readCsvRecords(lines: AsyncIterable<Line>, delimiter: string): AsyncGenerator<CsvRecord> {
  /** Lines of the record in progress, then lines to read again. */
  let taken: Line[] = [];
  let bytesTaken = 0;
  let open: OpenRecord | null = null;
  const again: Line[] = [];

  const take = (line: Line): CsvRecord | null => {
    taken.push(line);
    bytesTaken += line.bytes?.length ?? Infinity;
    const first = taken[0] as Line;
    try {
      if (bytesTaken > maxRowBytes) throw taken.length > 1 ? neverClosed() : tooLong();
      const read = readLine(decodeRow(line.bytes as Buffer), line.end, delimiter, open);
      open = read.open;
      if (open !== null) return null;
      taken = [];
      bytesTaken = 0;
      return read.fields.length === 1 && read.fields[0] === '' ? null : { line: first.number, fields: read.fields };
    } catch (error) {
      if (!(error instanceof BrokenRow)) throw error;
      return giveUp(error);
    }
  };
  /** The first line of the record in progress is broken; those after it are looked at anew. */
  const giveUp = (fields: BrokenRow): CsvRecord => {
    const [first, ...rest] = taken;
    again.unshift(...rest);
    taken = [];
    bytesTaken = 0;
    open = null;
    return { line: (first as Line).number, fields };
  };

  function* takeAll(): Generator<CsvRecord> {
    for (let line = again.shift(); line !== undefined; line = again.shift()) {
      const record = take(line);
      if (record !== null) yield record;
    }
  }

  for await (const next of lines) {
    again.push(next);
    yield* takeAll();
  }
  while (taken.length > 0) {
    yield giveUp(neverClosed());
    yield* takeAll();
  }
}

const neverClosed = (): BrokenRow => new BrokenRow('a quote opens and is never closed', 'Close it, or write "" for a quote within quotes.');
const tooLong = (): BrokenRow => new BrokenRow(`the row is longer than ${maxRowBytes / 1024 / 1024} MB`, 'Shorten or remove it.');

/** Reads one line, which may go on with a record whose quote is open. Throws `BrokenRow`. */
function readLine(text: string, end: string, delimiter: string, open: OpenRecord | null): { fields: string[]; open: OpenRecord | null } {
  const fields = open?.fields ?? [];
  let quoted = open?.field ?? null;
  let at = 0;
  for (;;) {
    if (quoted === null && text[at] === '"') {
      quoted = '';
      at++;
    }
    if (quoted === null) {
      const next = text.indexOf(delimiter, at);
      fields.push(text.slice(at, next < 0 ? text.length : next));
      if (next < 0) return { fields, open: null };
      at = next + 1;
      continue;
    }
    const close = text.indexOf('"', at);
    if (close < 0) return { fields, open: { fields, field: quoted + text.slice(at) + end } };
    quoted += text.slice(at, close);
    at = close + 1;
    if (text[at] === '"') {
      quoted += '"';
      at++;
      continue;
    }
    if (at < text.length && text[at] !== delimiter)
      throw new BrokenRow(`${JSON.stringify(text.slice(at, at + 10))} follows a closing quote`, 'Write "" for a quote within quotes.');
    fields.push(quoted);
    quoted = null;
    if (at === text.length) return { fields, open: null };
    at++;
  }
}
