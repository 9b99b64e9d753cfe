/** Lines of a large text, one at a time, with a bound on memory. */

export interface Line {
  /** Counts from 1. */
  readonly number: number;
  /** Null when the line is longer than the limit; its bytes were skipped. */
  readonly bytes: Buffer | null;
  /** Its end as it was written: LF, CRLF, or nothing at the end of the file. */
  readonly end: '\n' | '\r\n' | '';
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Lines without their ends (LF or CRLF) and without a byte order mark; also the last one if it has no end. */
export async function* readLines(bytes: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<Line> {
  let number = 1;
  let parts: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length <= maxLineBytes) parts.push(piece);
    else parts = [];
  };
  const finish = (hasLineFeed: boolean): Line => {
    const whole = length > maxLineBytes ? null : Buffer.concat(parts);
    const end = !hasLineFeed ? '' : whole?.at(-1) === carriageReturn ? '\r\n' : '\n';
    const line: Line = { number, bytes: whole === null ? null : withoutEnds(whole, number === 1), end };
    number++;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      take(chunk.subarray(start, end));
      yield finish(true);
      start = end + 1;
    }
    take(chunk.subarray(start));
  }
  if (length > 0) yield finish(false);
}

function withoutEnds(line: Buffer, isFirst: boolean): Buffer {
  const start = isFirst && line.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  return line.subarray(start, line.at(-1) === carriageReturn ? -1 : undefined);
}
