/** Separated values: quotes, separators and ends of lines, and what one broken record costs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokenRow } from '../../../../backend/data/brokenRow.ts';
import { csv } from '../../../../backend/data/sources/csv.ts';
import { temporaryFolderOfFile } from '../../../support/temporaryFolder.ts';

const folder = temporaryFolderOfFile();
let files = 0;

async function rowsOf(content: string | Buffer, name = 'x.csv'): Promise<[number, unknown][]> {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  const rows: [number, unknown][] = [];
  for await (const { number, row } of csv.read(path, {})) rows.push([number, row instanceof BrokenRow ? row.problem : row]);
  return rows;
}

describe('reads', () => {
  it.each<[string, string | Buffer, [number, unknown][], string?]>([
    ['plain values', 'a,b\n1,2\n', [[2, { a: '1', b: '2' }]]],
    [
      'no end of the last line, CRLF and a byte order mark',
      '\uFEFFa,b\r\n1,2\r\n3,4',
      [
        [2, { a: '1', b: '2' }],
        [3, { a: '3', b: '4' }],
      ],
    ],
    [
      'quoted separators, quotes and line breaks',
      'a,b\n"1,1","say ""x""\r\n\ny"\n3,4\n',
      [
        [2, { a: '1,1', b: 'say "x"\r\n\ny' }],
        [5, { a: '3', b: '4' }],
      ],
    ],
    ['quotes within a value without quotes', 'a,b\n5" pipe,x"y"\n', [[2, { a: '5" pipe', b: 'x"y"' }]]],
    ['empty values as absent, empty lines not at all', 'a,b,c\n\n1,,""\n\n', [[3, { a: '1' }]]],
    ['semicolons', 'a;b\n1,5;2\n', [[2, { a: '1,5', b: '2' }]]],
    ['tabs', 'a\tb, c\n1,5\t"2\t3"\n', [[2, { a: '1,5', 'b, c': '2\t3' }]], 'x.tsv'],
    ['columns without a name as if they were not there', ',a\n0,x\n', [[2, { a: 'x' }]]],
    ['a gzip’d file', gzipSync('a,b\n1,2\n'), [[2, { a: '1', b: '2' }]]],
    ['a column named like something of every object', 'a,__proto__\n1,2\n', [[2, JSON.parse('{"a":"1","__proto__":"2"}')]]],
  ])('%s', async (_, content, rows, name) => {
    expect(await rowsOf(content, name)).toEqual(rows);
  });

  it('what any table says, from every way to cut the file', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', ';', '\u2028'), maxLength: 6 }).map((value) => `x${value}`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, text, text), { minLength: 1, maxLength: 6 }), fc.constantFrom('\n', '\r\n'), async (table, end) => {
        const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
        const lines = [['p', 'q', 'r'], ...table.map((row) => row.map(quoted))].map((row) => row.join(','));
        const rows = await rowsOf(lines.join(end) + end);
        expect(rows.map(([, row]) => row)).toEqual(table.map(([p, q, r]) => ({ p, q, r })));
      }),
      { numRuns: 60 },
    );
  });
});

describe('gives up one record and goes on with the next line for', () => {
  it.each<[string, string, string]>([
    ['too few values', '1', 'the row has 1 value, the header names 2 columns'],
    ['too many values', '1,2,3', 'the row has 3 values, the header names 2 columns'],
    ['something behind a closing quote', '"1"x,2', '"x,2" follows a closing quote'],
    ['a quote that a later one seems to close', '1,"open', '"3\\"" follows a closing quote'],
    ['a quote that nothing closes', '1,"open ', 'a quote opens and is never closed'],
  ])('%s', async (name, broken, problem) => {
    const next = name.includes('seems') ? 'x,"3"' : 'x,3';
    expect(await rowsOf(`a,b\n1,2\n${broken}\n${next}\ny,4\n`)).toEqual([
      [2, { a: '1', b: '2' }],
      [3, problem],
      [4, { a: 'x', b: '3' }],
      [5, { a: 'y', b: '4' }],
    ]);
  });

  it('bytes that are no UTF-8, and a record of more than 16 MB', async () => {
    const long = `"${'x'.repeat(17 * 1024 * 1024)}"`;
    expect(await rowsOf(Buffer.concat([Buffer.from(`a,b\n1,${long}\n2,`), Buffer.from([0xff]), Buffer.from('\n3,4\n')]))).toEqual([
      [2, 'the row is longer than 16 MB'],
      [3, 'the row is not valid UTF-8'],
      [4, { a: '3', b: '4' }],
    ]);
  });
});

describe('refuses a file', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['whose header names a column twice', 'a,b,a\n1,2,3\n', /:1 is broken: the header names "a" twice/],
    ['that begins with values', '1,2\n3,4\n', /names no columns/],
    ['of UTF-16', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), /UTF-16/],
    ['whose compression is cut', gzipSync('a,b\n1,2\n'.repeat(1000)).subarray(0, 40), /compression is damaged/],
  ])('%s', async (_, content, message) => {
    await expect(rowsOf(content)).rejects.toMatchObject({ code: 'dataset.brokenFile', message: expect.stringMatching(message) as string });
  });
});
