/** Lines of a large text file, one at a time, with a bound on memory. */
import { createReadStream } from 'node:fs';

export interface Line {
  /** Counts from 1. */
  readonly number: number;
  /** Null when the line is longer than the limit; its bytes were skipped. */
  readonly bytes: Buffer | null;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Lines without their ends (LF or CRLF) and without a byte order mark; also the last one if it has no end. */
export async function* readLines(path: string, maxLineBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length <= maxLineBytes) parts.push(piece);
    else parts = [];
  };
  const finish = (): Line => {
    const line = { number, bytes: length > maxLineBytes ? null : withoutEnds(Buffer.concat(parts), number === 1) };
    number++;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      take(chunk.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (length > 0) yield finish();
}

function withoutEnds(line: Buffer, isFirst: boolean): Buffer {
  const start = isFirst && line.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  return line.subarray(start, line.at(-1) === carriageReturn ? -1 : undefined);
}
