/** Which files a path stands for. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findDataFiles, type DataRole } from '../../../backend/data/dataFiles.ts';
import { readProblems } from '../../../backend/data/readProblems.ts';
import { temporaryFolderOfFile } from '../../support/temporaryFolder.ts';

const root = temporaryFolderOfFile();

/** A folder with these files, one problem in each. */
function folderWith(...names: string[]): string {
  const folder = mkdtempSync(join(root, 'set-'));
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), '{"prompt":"?","answer":1}\n');
  }
  return folder;
}

async function found(path: string, role: DataRole = 'train'): Promise<string> {
  return (await findDataFiles(path, role)).map(({ path: file, source }) => `${basename(file)}:${source.name}`).join(' ');
}

describe('finds', () => {
  it.each<[string, string[], string, string]>([
    ['one file by its ending', ['a.json'], 'a.json', 'a.json:json'],
    ['one gzip’d file', ['a.csv.gz'], 'a.csv.gz', 'a.csv.gz:csv'],
    ['one file by its beginning', ['a.txt'], 'a.txt', 'a.txt:jsonl'],
    ['all files of a folder, by name', ['b-2.jsonl', 'b-1.jsonl', 'README.md', '.hidden.jsonl'], '', 'b-1.jsonl:jsonl b-2.jsonl:jsonl'],
    ['those in its folder data', ['data/b.jsonl', 'README.md'], '', 'b.jsonl:jsonl'],
    ['those of a pattern', ['x1.jsonl', 'x2.jsonl', 'y1.jsonl', 'xx.txt'], 'x?.jsonl', 'x1.jsonl:jsonl x2.jsonl:jsonl'],
    ['those of a pattern over folders', ['p1/a.jsonl', 'p2/b.jsonl', 'q/c.jsonl'], 'p*/{a,b}.jsonl', 'a.jsonl:jsonl b.jsonl:jsonl'],
    ['a file whose name looks like a pattern', ['{a}.jsonl', 'a.jsonl'], '{a}.jsonl', '{a}.jsonl:jsonl'],
    [
      'some shards by number',
      ['t-0-of-3.jsonl', 't-1-of-3.jsonl'],
      't-[0]-of-3.jsonl'.replace('[0]', '{0,1}'),
      't-0-of-3.jsonl:jsonl t-1-of-3.jsonl:jsonl',
    ],
    ['shards counted from 1', ['t-1-of-2.jsonl', 't-2-of-2.jsonl'], '', 't-1-of-2.jsonl:jsonl t-2-of-2.jsonl:jsonl'],
  ])('%s', async (_, names, path, files) => {
    expect(await found(join(folderWith(...names), path))).toBe(files);
  });

  it('the split of a folder that a set of problems is for', async () => {
    const folder = folderWith('train-00000-of-00002.jsonl', 'train-00001-of-00002.jsonl', 'test-00000-of-00001.jsonl', 'validation.jsonl');
    expect(await found(folder)).toBe('train-00000-of-00002.jsonl:jsonl train-00001-of-00002.jsonl:jsonl');
    expect(await found(folder, 'heldOut')).toBe('test-00000-of-00001.jsonl:jsonl');
  });
});

it.each<[string, string[], string, string, RegExp]>([
  ['no file', [], 'x.jsonl', 'dataset.notFound', /no dataset at .*x\.jsonl/],
  ['no match', ['a.jsonl'], 'b*.jsonl', 'dataset.notFound', /No file matches/],
  ['a folder without data', ['README.md'], '', 'dataset.noFiles', /holds no data files/],
  ['a folder of several sets', ['algebra.jsonl', 'geometry.jsonl'], '', 'dataset.severalSplits', /algebra \(1 file\), geometry \(1 file\)/],
  ['a folder of the other split alone', ['test.jsonl'], '', 'dataset.severalSplits', /holds test \(1 file\).*as training problems/],
  [
    'a missing shard',
    ['t-00000-of-00003.jsonl', 't-00002-of-00003.jsonl'],
    '',
    'dataset.missingShard',
    /1 of 3 files are missing, the first is number 00001/,
  ],
  ['a missing shard of a pattern', ['t-00000-of-00003.jsonl'], 't-*.jsonl', 'dataset.missingShard', /2 of 3/],
])('refuses %s', async (_, names, path, code, message) => {
  await expect(found(join(folderWith(...names), path))).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
});

it('refuses a file of no known format', async () => {
  const path = join(folderWith(), 'x.bin');
  writeFileSync(path, Buffer.from([1, 2, 3]));
  await expect(found(path)).rejects.toMatchObject({ code: 'dataset.unknownFormat' });
});

it('reads shards as one set, with ids that tell them apart and places in errors', async () => {
  const folder = folderWith('t-1.jsonl', 't-2.jsonl');
  const { problems } = await readProblems(folder, { onBrokenRow: 'refuse' });
  expect(problems.map(({ id }) => id)).toEqual(['t-1:line-1', 't-2:line-1']);
  writeFileSync(join(folder, 't-2.jsonl'), '{"prompt":"?","answer":1,"id":"t-1:line-1"}\n');
  await expect(readProblems(folder, { onBrokenRow: 'refuse' })).rejects.toMatchObject({
    message: expect.stringMatching(/t-2\.jsonl:1: the id "t-1:line-1" was used in .*t-1\.jsonl:1/) as string,
  });
});

it('reads one broken row in 10,000 of a gzip’d file around it, naming its line', async () => {
  const path = join(folderWith(), 'many.jsonl.gz');
  const rows = Array.from({ length: 10_000 }, (_, i) => (i === 7_000 ? '{"prompt":"?"' : JSON.stringify({ prompt: `${i}?`, answer: i })));
  writeFileSync(path, gzipSync(rows.join('\n')));
  await expect(readProblems(path, { onBrokenRow: 'refuse' })).rejects.toMatchObject({
    code: 'dataset.brokenRow',
    message: expect.stringContaining('many.jsonl.gz:7001:14: not valid JSON') as string,
  });
  const { problems, skipped } = await readProblems(path, { onBrokenRow: 'skip' });
  expect(problems).toHaveLength(9_999);
  expect(skipped).toMatchObject([{ number: 7001, unit: 'line' }]);
});

it('reads no more than it is asked for', async () => {
  const folder = folderWith('t-1.jsonl', 't-2.jsonl', 't-3.jsonl');
  expect((await readProblems(folder, { onBrokenRow: 'refuse', atMost: 2 })).problems).toHaveLength(2);
});
