/** JSON files: the objects of one array, found without holding it whole. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokenRow } from '../../../../backend/data/brokenRow.ts';
import { readElements } from '../../../../backend/data/jsonElements.ts';
import { json } from '../../../../backend/data/sources/json.ts';
import { temporaryFolderOfFile } from '../../../support/temporaryFolder.ts';

const folder = temporaryFolderOfFile();
let files = 0;

async function rowsOf(content: string): Promise<[number, unknown][]> {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, content);
  const rows: [number, unknown][] = [];
  for await (const { number, row } of json.read(path, {})) rows.push([number, row instanceof BrokenRow ? row.problem : row]);
  return rows;
}

describe('reads', () => {
  it.each<[string, string, [number, unknown][]]>([
    [
      'an array',
      '[{"a":1},\n {"a":[2,{"b":"],["}]}\n]\n',
      [
        [1, { a: 1 }],
        [2, { a: [2, { b: '],[' }] }],
      ],
    ],
    ['an empty array', ' [ ] ', []],
    ['an empty file', '', []],
    ['a byte order mark', '\uFEFF[{"a":"\\"}"}]', [[1, { a: '"}' }]]],
    [
      'one object a line',
      '{"a":1}\n{"a":2}\n',
      [
        [1, { a: 1 }],
        [2, { a: 2 }],
      ],
    ],
    [
      'what is broken in one row, and goes on',
      '[{"a":1},\n{"a":tru},\n7,\n{"a":2}]',
      [
        [1, { a: 1 }],
        [2, expect.stringMatching(/^not valid JSON/)],
        [3, 'the row is 7, not an object'],
        [4, { a: 2 }],
      ],
    ],
  ])('%s', async (_, content, rows) => {
    expect(await rowsOf(content)).toEqual(rows);
  });

  it('any list of any values, however the bytes arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 5 }),
        fc.constantFrom(0, 2),
        fc.integer({ min: 1, max: 7 }),
        async (values, indent, size) => {
          const bytes = Buffer.from(JSON.stringify(values, null, indent));
          const chunks = (async function* () {
            for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
          })();
          const read: unknown[] = [];
          for await (const element of readElements(chunks, 1 << 20)) read.push(JSON.parse(String(element.bytes)));
          // -0 is written as 0.
          expect(read).toEqual(JSON.parse(String(bytes)));
        },
      ),
    );
  });
});

it.each<[string, string, RegExp]>([
  ['a text', '"x"', /:1 is broken: it does not begin with "\["/],
  ['a cut array', '[{"a":1},\n{"a":', /:2 is broken: it ends before its closing "\]"/],
  ['something behind the array', '[{"a":1}]\n]', /:2 is broken: something follows/],
])('refuses %s', async (_, content, message) => {
  await expect(rowsOf(content)).rejects.toMatchObject({ code: 'dataset.brokenFile', message: expect.stringMatching(message) as string });
});
