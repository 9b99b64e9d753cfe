/** Rows of JSON Lines: one object a line, empty lines ignored. */
import { BrokenRow } from '../brokenRow.ts';
import { readBytes } from '../byteStream.ts';
import { decodeRow, isUtf16, maxRowBytes, parseObject } from '../jsonText.ts';
import { readLines, type Line } from '../lines.ts';
import type { DataSource, Row, SourceRow } from '../source.ts';

export const jsonl: DataSource = {
  name: 'jsonl',
  extensions: ['jsonl', 'ndjson'],
  unit: 'line',
  matches: (head) => /^(\uFEFF)?\s*\{/u.test(head.toString('utf8')),
  async *read(path): AsyncGenerator<SourceRow> {
    for await (const line of readLines(readBytes(path), maxRowBytes)) {
      const row = rowOf(line);
      if (row !== null) yield { number: line.number, row };
    }
  },
};

/** Null for an empty line. */
function rowOf(line: Line): Row | BrokenRow | null {
  try {
    const text = textOf(line);
    return text.trim() === '' ? null : parseObject(text);
  } catch (error) {
    if (error instanceof BrokenRow) return error;
    throw error;
  }
}

function textOf({ number, bytes }: Line): string {
  if (bytes === null)
    throw new BrokenRow(`the line is longer than ${maxRowBytes / 1024 / 1024} MB`, 'Write one problem a line; a JSON array is not JSON Lines.');
  if (number === 1 && isUtf16(bytes)) throw new BrokenRow('the file is UTF-16', 'Save it as UTF-8.');
  return decodeRow(bytes);
}
