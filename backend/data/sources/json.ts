/** Rows of a JSON file: the objects of one array, read one at a time; a `.json` file of one object a line is read as JSON Lines. */
import { BrokenRow } from '../brokenRow.ts';
import { brokenFile, readBytes, readHead } from '../byteStream.ts';
import { NotAnArray, readElements, type ElementText } from '../jsonElements.ts';
import { decodeRow, isUtf16, maxRowBytes, parseObject } from '../jsonText.ts';
import type { DataSource, Row, SourceRow } from '../source.ts';
import { jsonl } from './jsonl.ts';

export const json: DataSource = {
  name: 'json',
  extensions: ['json'],
  unit: 'line',
  matches: (head) => /^(\uFEFF)?\s*\[/u.test(head.toString('utf8')),
  async *read(path, options): AsyncGenerator<SourceRow> {
    const head = await readHead(path, 4096);
    if (isUtf16(head)) throw brokenFile(path, 'it is UTF-16, not UTF-8');
    if (jsonl.matches(head)) {
      yield* jsonl.read(path, options);
      return;
    }
    try {
      for await (const element of readElements(readBytes(path), maxRowBytes)) yield { number: element.line, row: rowOf(element) };
    } catch (error) {
      if (error instanceof NotAnArray) throw brokenFile(`${path}:${error.line}`, `${error.message}, as a list of rows would`, error);
      throw error;
    }
  },
};

function rowOf({ bytes }: ElementText): Row | BrokenRow {
  try {
    if (bytes === null) throw new BrokenRow(`the row is longer than ${maxRowBytes / 1024 / 1024} MB`, 'Shorten or remove it.');
    return parseObject(decodeRow(bytes));
  } catch (error) {
    if (error instanceof BrokenRow) return error;
    throw error;
  }
}
