/** Rows of comma-, semicolon- or tab-separated values with a header; values are texts, and empty ones are absent. */
import { BrokenRow } from '../brokenRow.ts';
import { brokenFile, readBytes, readHead } from '../byteStream.ts';
import { readCsvRecords } from '../csvRecords.ts';
import { isUtf16, maxRowBytes } from '../jsonText.ts';
import { readLines } from '../lines.ts';
import type { DataSource, Row, SourceRow } from '../source.ts';

export const csv: DataSource = {
  name: 'csv',
  extensions: ['csv', 'tsv'],
  unit: 'line',
  // Any text could be one.
  matches: () => false,
  async *read(path): AsyncGenerator<SourceRow> {
    const head = await readHead(path, 64 * 1024);
    if (isUtf16(head)) throw brokenFile(path, 'it is UTF-16, not UTF-8');
    let header: readonly string[] | undefined;
    for await (const { line, fields } of readCsvRecords(readLines(readBytes(path), maxRowBytes), delimiterOf(path, head))) {
      if (header === undefined) header = headerOf(path, line, fields);
      else yield { number: line, row: fields instanceof BrokenRow ? fields : rowOf(header, fields) };
    }
  },
};

/** That of the file's ending, or the one that the first line has most of. */
function delimiterOf(path: string, head: Buffer): string {
  if (/\.tsv(\.gz)?$/iu.test(path)) return '\t';
  const [first = ''] = head.toString('utf8').split('\n', 1);
  const counts = [',', '\t', ';'].map((delimiter) => ({ delimiter, count: first.split(delimiter).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

function headerOf(path: string, line: number, fields: readonly string[] | BrokenRow): readonly string[] {
  if (fields instanceof BrokenRow) throw brokenFile(`${path}:${line}`, `the header cannot be read: ${fields.problem}`);
  const names = fields.map((name) => name.trim());
  const repeated = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (repeated !== undefined) throw brokenFile(`${path}:${line}`, `the header names ${JSON.stringify(repeated)} twice`);
  if (names.every((name) => name === '' || Number.isFinite(Number(name)))) {
    throw brokenFile(`${path}:${line}`, 'the first line names no columns, as a header would');
  }
  return names;
}

/** Columns without a name, such as the index that data frames write, are left out. */
function rowOf(header: readonly string[], fields: readonly string[]): Row | BrokenRow {
  if (fields.length !== header.length) {
    return new BrokenRow(
      `the row has ${fields.length} ${fields.length === 1 ? 'value' : 'values'}, the header names ${header.length} columns`,
      'Put values that contain the separator in quotes.',
    );
  }
  return Object.fromEntries(header.flatMap((name, i) => (name === '' || fields[i] === '' ? [] : [[name, fields[i]]])));
}
