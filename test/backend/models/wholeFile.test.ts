/** Files that are whole or absent: a failure halfway leaves what was there before and no rest. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJson, writeJson, writeWholeFile } from '../../../backend/models/wholeFile.ts';
import { withFolder } from './folders.ts';

describe('writing', () => {
  it.each([
    { what: 'a new file', before: undefined, names: [] },
    { what: 'a file that was there', before: 'before', names: ['x'] },
  ])('that fails halfway leaves $what as it was', ({ before, names }) =>
    withFolder(async (folder) => {
      const path = join(folder, 'x');
      if (before !== undefined) await writeFile(path, before);
      const full = writeWholeFile(path, async (file) => {
        await file.writeFile('half');
        throw new Error('no space left on device');
      });
      await expect(full).rejects.toMatchObject({
        code: 'file.notWritten',
        message: expect.stringMatching(/\/x cannot be written \(no space left on device\)\. Check .*disk has space left/) as string,
      });
      expect(await readdir(folder)).toEqual(names);
      if (before !== undefined) expect(await readFile(path, 'utf8')).toBe(before);
    }),
  );

  it('takes the place of what another process left when it was killed', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x');
      await writeFile(`${path}.incomplete`, 'a rest that is longer than the file');
      await writeJson(path, { a: 1 });
      expect(await readdir(folder)).toEqual(['x']);
      expect(await readJson(path, 'some.code', '')).toEqual({ a: 1 });
    }));
});

it.each([
  { text: undefined, says: /x\.json cannot be read \(ENOENT/ },
  { text: '{"a":', says: /x\.json is no valid JSON \(/ },
  { text: '3', says: /x\.json holds no JSON object/ },
  { text: 'null', says: /holds no JSON object/ },
])('reading $text as JSON is refused with the code and remedy of the caller', ({ text, says }) =>
  withFolder(async (folder) => {
    const path = join(folder, 'x.json');
    if (text !== undefined) await writeFile(path, text);
    await expect(readJson(path, 'some.code', 'Do this.')).rejects.toMatchObject({
      code: 'some.code',
      remedy: 'Do this.',
      message: expect.stringMatching(says) as string,
    });
  }),
);
