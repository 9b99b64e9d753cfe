/** Parquet as pyarrow writes it (test/peers/make_parquet_fixtures.py): every compression, nested values, and damage. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readParquet } from '../../../../backend/data/parquet/readParquet.ts';
import { writeParquet, type ParquetColumn } from '../../../../backend/data/parquet/writeParquet.ts';
import { readProblems } from '../../../../backend/data/readProblems.ts';
import type { ReadRowsOptions } from '../../../../backend/data/source.ts';
import { temporaryFolderOfFile } from '../../../support/temporaryFolder.ts';

const fixtures = fileURLToPath(new URL('../../../fixtures/parquet/', import.meta.url));
const folder = temporaryFolderOfFile();

async function rowsOf(path: string, options: ReadRowsOptions = {}): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { number, row } of readParquet(path, options)) {
    expect(number).toBe(rows.length + 1);
    rows.push(row);
  }
  return rows;
}

describe('a file that pyarrow wrote', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4', 'pages2'])('is read with its nested columns: %s', async (name) => {
    const { problems, mapping, skipped } = await readProblems(`${fixtures}verl-${name}.parquet`, { onBrokenRow: 'refuse' });
    expect(skipped).toEqual([]);
    expect(mapping.layout).toBe('verl');
    expect(problems).toHaveLength(40);
    expect(problems[39]).toEqual({
      id: '39',
      prompt: [{ role: 'user', content: 'Ana has 49 beads. She gets 5. How many?' }],
      answer: '54',
      level: 'hard',
      metadata: { data_source: 'hard', ability: 'math', 'extra_info.index': 39, 'extra_info.split': 'train' },
    });
  });

  it('gives plain values', async () => {
    expect(
      await rowsOf(`${fixtures}types.parquet`, {
        columns: ['small', 'big', 'unsigned', 'half', 'flag', 'text', 'day', 'moment', 'price'],
        atMost: 1,
      }),
    ).toEqual([
      {
        small: 7,
        big: String(2n ** 60n + 1n),
        unsigned: String(2n ** 64n - 1n),
        half: 0.5,
        flag: true,
        text: 'naïve “π” \u2028 😀',
        day: '2026-11-24',
        moment: '2026-11-24T12:30:00.250Z',
        price: 12.3,
      },
    ]);
    expect(await rowsOf(`${fixtures}types.parquet`, { columns: ['numbers', 'nested', 'pairs', 'map', 'not there'], atMost: 1 })).toEqual([
      { numbers: [1, 2, null], nested: [[1, 2], [], [3]], pairs: [{ a: 1, b: ['x', null] }, null], map: { k: 1, l: 2 } },
    ]);
  });

  it('with one broken row in 10,000 is refused naming it, or read without it', async () => {
    const path = `${fixtures}one-in-10000.parquet`;
    await expect(readProblems(path, { onBrokenRow: 'refuse' })).rejects.toMatchObject({
      code: 'dataset.brokenRow',
      message: expect.stringContaining('one-in-10000.parquet row 6766: "final_answer" is null.') as string,
    });
    const { problems, skipped } = await readProblems(path, { onBrokenRow: 'skip' });
    expect(problems).toHaveLength(9_999);
    expect(skipped).toEqual([{ path, number: 6766, unit: 'row', reason: '"final_answer" is null' }]);
    expect(problems[6765]?.id).toBe('row-6767');
  });

  it('costs one row where one text is no UTF-8', async () => {
    const { problems, skipped } = await readProblems(`${fixtures}not-utf8.parquet`, { onBrokenRow: 'skip' });
    expect(problems.map(({ id }) => id)).toEqual(['row-1', 'row-3']);
    expect(skipped).toMatchObject([{ number: 2, reason: '"question" is not valid UTF-8 or JSON' }]);
  });
});

describe('a file of ours', () => {
  it('is read as it was written', async () => {
    const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }), { nil: null });
    const message = fc.record({ role: text, content: text });
    const row = fc.record({
      prompt: fc.option(fc.array(message, { maxLength: 3 }), { nil: null }),
      info: fc.record({ index: fc.option(fc.maxSafeInteger(), { nil: null }), tags: fc.array(text, { maxLength: 2 }) }),
      score: fc.option(fc.double({ noNaN: true }), { nil: null }),
      isRight: fc.option(fc.boolean(), { nil: null }),
    });
    const path = join(folder, 'ours.parquet');
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 9 }), async (rows, rowGroupSize) => {
        const column = (name: keyof (typeof rows)[number], type: ParquetColumn['type']): ParquetColumn => ({
          name,
          type,
          values: rows.map((each) => each[name]),
        });
        writeParquet(
          path,
          [
            column('prompt', { list: { fields: { role: 'text', content: 'text' } } }),
            column('info', { fields: { index: 'integer', tags: { list: 'text' } } }),
            column('score', 'double'),
            column('isRight', 'boolean'),
          ],
          { rowGroupSize },
        );
        const read = (await rowsOf(path)) as typeof rows;
        expect(read.map(({ prompt = null, ...rest }) => ({ prompt, ...rest }))).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it('refuses values of another type, and leaves nothing behind', () => {
    const path = join(folder, 'refused.parquet');
    expect(() => writeParquet(path, [{ name: 'n', type: 'integer', values: [1, 0.5] }])).toThrow('column n, row 2 is number, not integer');
    expect(() => readFileSync(path)).toThrow(/ENOENT/);
  });
});

describe('damage', () => {
  const whole = readFileSync(`${fixtures}verl-zstd.parquet`);
  const damaged = (name: string, bytes: Buffer): string => {
    mkdirSync(join(folder, 'damaged'), { recursive: true });
    const path = join(folder, 'damaged', `${name}.parquet`);
    writeFileSync(path, bytes);
    return path;
  };

  it.each<[string, Buffer]>([
    ['an empty file', Buffer.alloc(0)],
    ['a cut file', whole.subarray(0, 5000)],
    ['a file without its beginning', whole.subarray(5000)],
    ['another kind of file', Buffer.from('{"prompt":"?","answer":1}\n')],
  ])('%s is refused', async (name, bytes) => {
    await expect(readProblems(damaged(name.replaceAll(' ', '-'), bytes), { onBrokenRow: 'skip' })).rejects.toMatchObject({
      code: 'dataset.brokenFile',
      message: expect.stringMatching(/damaged\/.*\.parquet is broken/) as string,
    });
  });

  it('in any byte ends in problems or a clear refusal', async () => {
    const codes = new Set<string>();
    for (let at = 4; at < whole.length; at += 199) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ 0xff;
      const outcome = await readProblems(damaged('flipped', bytes), { onBrokenRow: 'skip' }).then(
        () => 'read',
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      );
      codes.add(outcome);
    }
    for (const code of codes) expect(['read', 'dataset.brokenFile', 'dataset.unknownLayout', 'dataset.empty']).toContain(code);
  });

  it.each(['checksums-1', 'checksums-2'])('in any byte of a page with a checksum is refused: %s', async (name) => {
    const sound = readFileSync(`${fixtures}${name}.parquet`);
    const { problems } = await readProblems(`${fixtures}${name}.parquet`, { onBrokenRow: 'refuse' });
    expect(problems).toHaveLength(24);
    const messages: string[] = [];
    const silent: number[] = [];
    const end = sound.readUInt32LE(sound.length - 8);
    // Up to the footer: in texts, lengths, levels and headers.
    for (let at = 4; at < sound.length - 8 - end; at += 3) {
      const bytes = Buffer.from(sound);
      bytes[at] = (bytes[at] as number) ^ 1;
      const outcome = await readProblems(damaged(name, bytes), { onBrokenRow: 'refuse' }).then(
        (read) => JSON.stringify(read.problems),
        (error: unknown) => {
          messages.push((error as Error).message);
          return null;
        },
      );
      if (outcome !== null && outcome !== JSON.stringify(problems)) silent.push(at);
    }
    expect(silent).toEqual([]);
    expect(messages.filter((message) => /page \d+ of [\w.]+, at byte \d+, is not what its checksum says/.test(message)).length).toBeGreaterThan(
      0.15 * (sound.length - end),
    );
  });

  it('in a later row group names the rows', async () => {
    const path = join(folder, 'group.parquet');
    copyFileSync(`${fixtures}one-in-10000.parquet`, path);
    const bytes = readFileSync(path);
    bytes.fill(0, 15_000, 30_000);
    writeFileSync(path, bytes);
    await expect(readProblems(path, { onBrokenRow: 'skip' })).rejects.toMatchObject({
      code: 'dataset.brokenFile',
      message: expect.stringMatching(/rows \d+ to \d+ cannot be read/) as string,
    });
  });
});
