/** Safetensors files: what is written is read, and no damage goes unnoticed. */
import { mkdir, open, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../backend/graph/ir.ts';
import { narrow, widen, type StoredDType } from '../../../backend/models/floats.ts';
import { SafetensorsFile, writeSafetensors, type NamedTensor } from '../../../backend/models/safetensors.ts';
import { goldenFolder, readTensors, withFolder, type Json } from './folders.ts';

/** A file from a header as text and so many bytes of data. */
async function writeRaw(path: string, header: string | Json, dataBytes: number): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, Buffer.alloc(dataBytes, 1)]));
}

function rounded(values: Float32Array, dtype: StoredDType): Float32Array {
  if (dtype === 'F32') return values;
  const back = new Float32Array(values.length);
  widen(narrow(values, dtype), dtype, back);
  return back;
}

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const tensor = shape.chain((sizes) =>
  fc.float32Array({ minLength: sizeOf(sizes), maxLength: sizeOf(sizes) }).map((values) => ({ shape: sizes, values })),
);
const tensors = fc.dictionary(fc.string({ unit: 'grapheme' }), tensor, { maxKeys: 6 }).map((named) =>
  Object.entries(named)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, rest]): NamedTensor => ({ name, ...rest })),
);

describe('a written file', () => {
  it.each(['F32', 'F16', 'BF16'] as const)('gives back names, shapes and values rounded to %s', (dtype) =>
    withFolder((folder) =>
      fc.assert(
        fc.asyncProperty(tensors, async (written) => {
          const path = join(folder, 'x.safetensors');
          await writeSafetensors(path, written, dtype, { format: 'pt', 'ü"\\': '{}' });
          const read = await readTensors(path);
          const byName = (a: NamedTensor, b: NamedTensor): number => (a.name < b.name ? -1 : 1);
          expect(read).toEqual(written.map((each) => ({ ...each, values: rounded(each.values, dtype) })).sort(byName));
          const bytes = await readFile(path);
          expect(Number(bytes.readBigUInt64LE()) % 8).toBe(0);
        }),
        { numRuns: 60 },
      ),
    ),
  );

  it('keeps every bit of float32, NaN with its payload included', () =>
    withFolder(async (folder) => {
      const words = Uint32Array.of(0x7fc12345, 0xff800001, 0x80000000, 1, 0x7f800000, 0x807fffff);
      const path = join(folder, 'x.safetensors');
      await writeSafetensors(path, [{ name: 'x', shape: [6], values: new Float32Array(words.buffer) }], 'F32');
      expect(new Uint32Array(((await readTensors(path))[0] as NamedTensor).values.buffer)).toEqual(words);
    }));

  it.each(['F16', 'BF16'] as const)('of %s may be longer than what is converted at a time', (dtype) =>
    withFolder(async (folder) => {
      const length = (1 << 22) + 5;
      const values = Float32Array.from({ length }, (_, i) => (i % 251) - 125);
      const path = join(folder, 'x.safetensors');
      await writeSafetensors(path, [{ name: 'x', shape: [length], values }], dtype);
      const [read] = await readTensors(path);
      expect(Buffer.from(read?.values.buffer as ArrayBuffer).equals(Buffer.from(values.buffer))).toBe(true);
    }),
  );

  it('has the bytes of the reference implementation but for the order and padding of its header', async () => {
    const golden = join(goldenFolder('qwen2-bf16'), 'model.safetensors');
    await withFolder(async (folder) => {
      const file = await SafetensorsFile.open(golden);
      const written: NamedTensor[] = [];
      for (const { name, shape: sizes } of file.tensors.values()) written.push({ name, shape: sizes, values: await file.read(name) });
      await file.close();
      const path = join(folder, 'x.safetensors');
      await writeSafetensors(path, written, 'BF16');
      const parts = async (from: string) => {
        const bytes = await readFile(from);
        const dataStart = 8 + Number(bytes.readBigUInt64LE());
        return { header: JSON.parse(bytes.toString('utf8', 8, dataStart)) as Json, data: bytes.subarray(dataStart).toString('hex') };
      };
      expect(await parts(path)).toEqual(await parts(golden));
    });
  });

  it('replaces the one before and leaves nothing else', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      for (const value of [1, 2]) await writeSafetensors(path, [{ name: 'x', shape: [], values: Float32Array.of(value) }], 'F32');
      expect((await readTensors(path))[0]?.values).toEqual(Float32Array.of(2));
      expect(await readdir(folder)).toEqual(['x.safetensors']);
    }));

  it('that cannot be written is named, and what was there stays', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      await mkdir(path);
      await expect(writeSafetensors(path, [], 'F32')).rejects.toMatchObject({
        code: 'file.notWritten',
        message: expect.stringContaining(path) as string,
      });
      expect(await readdir(folder)).toEqual(['x.safetensors']);
      await expect(writeSafetensors(join(folder, 'none', 'x'), [], 'F32')).rejects.toMatchObject({ code: 'file.notWritten' });
    }));
});

describe('a file', () => {
  it('of more than 4 GB is read at the tensor asked for', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      const bigBytes = 5 * 2 ** 30;
      await writeRaw(
        path,
        {
          big: { dtype: 'F32', shape: [bigBytes / 4], data_offsets: [0, bigBytes] },
          last: { dtype: 'F32', shape: [2], data_offsets: [bigBytes, bigBytes + 8] },
        },
        0,
      );
      const file = await open(path, 'r+');
      const { size } = await file.stat();
      // The zeros between take no space on disk.
      await file.write(new Uint8Array(Float32Array.of(3, 4).buffer), 0, 8, size + bigBytes);
      await file.close();
      const weights = await SafetensorsFile.open(path);
      expect(await weights.read('last')).toEqual(Float32Array.of(3, 4));
      await weights.close();
    }));

  it('may be a symbolic link, as in the cache of the hub', () =>
    withFolder(async (folder) => {
      const golden = join(goldenFolder('qwen3'), 'model.safetensors');
      await symlink(golden, join(folder, 'link'));
      expect(await readTensors(join(folder, 'link'))).toEqual(await readTensors(golden));
    }));

  it('may name an empty tensor after the one that begins where it does', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      await writeRaw(
        path,
        { x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] }, empty: { dtype: 'F32', shape: [0, 3], data_offsets: [0, 0] } },
        4,
      );
      expect((await readTensors(path)).map(({ name, values }) => [name, values.length])).toEqual([
        ['empty', 0],
        ['x', 1],
      ]);
    }));

  it('may hold dtypes that are not read', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      await writeRaw(path, { ids: { dtype: 'I64', shape: [2], data_offsets: [0, 16] }, x: { dtype: 'F32', shape: [], data_offsets: [16, 20] } }, 20);
      const file = await SafetensorsFile.open(path);
      expect(await file.read('x')).toHaveLength(1);
      await expect(file.read('ids')).rejects.toMatchObject({
        code: 'safetensors.dtype',
        message: expect.stringMatching(/ids of .*x\.safetensors is stored as I64/) as string,
      });
      await file.close();
    }));
});

describe('damage', () => {
  const f32 = (start: number, end: number, sizes = [(end - start) / 4]): Json => ({ dtype: 'F32', shape: sizes, data_offsets: [start, end] });

  it.each<{ what: string; header: string | Json; bytes?: number; says: RegExp; code?: string }>([
    { what: 'no JSON', header: '{"a": ', says: /header is no JSON \(/ },
    { what: 'no text', header: '', says: /header is no JSON \(/ },
    { what: 'a list', header: '[]', says: /no JSON object/ },
    { what: 'null', header: 'null', says: /no JSON object/ },
    { what: 'an entry that is no object', header: { a: 3 }, says: /entry of tensor a is malformed: 3/ },
    { what: 'an entry that is null', header: { a: null }, says: /entry of tensor a is malformed/ },
    { what: 'an entry without shape', header: { a: { dtype: 'F32', data_offsets: [0, 4] } }, bytes: 4, says: /tensor a is malformed/ },
    { what: 'a shape of fractions', header: { a: f32(0, 6, [1.5]) }, bytes: 6, says: /tensor a is malformed/ },
    { what: 'a negative size', header: { a: f32(0, 4, [-1]) }, bytes: 4, says: /tensor a is malformed/ },
    { what: 'three offsets', header: { a: { dtype: 'F32', shape: [1], data_offsets: [0, 4, 8] } }, bytes: 4, says: /tensor a is malformed/ },
    {
      what: 'offsets that do not fit the shape',
      header: { a: f32(0, 8, [3]) },
      bytes: 8,
      says: /a \(F32 \[3\]\) takes 12 bytes, its offsets 0 to 8 span 8/,
    },
    { what: 'offsets in reverse', header: { a: f32(8, 4, [1]) }, bytes: 8, says: /span -4/ },
    { what: 'a shape beyond all numbers', header: { a: f32(0, 4, [2 ** 53 - 1, 2 ** 53 - 1]) }, bytes: 4, says: /span 4/ },
    {
      what: 'an unknown dtype',
      header: { a: { dtype: 'F7', shape: [], data_offsets: [0, 4] } },
      bytes: 4,
      code: 'safetensors.dtype',
      says: /Tensor a of .* is stored as F7/,
    },
    {
      what: 'a dtype named like a method',
      header: { a: { dtype: 'toString', shape: [], data_offsets: [0, 4] } },
      bytes: 4,
      code: 'safetensors.dtype',
      says: /toString/,
    },
    { what: 'overlapping tensors', header: { a: f32(0, 8), b: f32(4, 12) }, bytes: 12, says: /tensors a and b overlap in bytes \d+ to \d+/ },
    { what: 'one tensor inside another', header: { b: f32(4, 8), a: f32(0, 12) }, bytes: 12, says: /a and b overlap/ },
    { what: 'a gap', header: { a: f32(0, 4), b: f32(8, 12) }, bytes: 12, says: /bytes \d+ to \d+ before tensor b belong to no tensor/ },
    { what: 'bytes behind the last tensor', header: { a: f32(0, 4) }, bytes: 9, says: /last tensor ends at byte \d+, the file has \d+/ },
    {
      what: 'a tensor beyond the end',
      header: { a: f32(0, 4), b: f32(4, 4000) },
      bytes: 100,
      says: /tensor b ends at byte \d+, the file has \d+ \(it is cut off\)/,
    },
    {
      what: 'a tensor twice',
      header: '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}',
      bytes: 4,
      says: /key "a" twice/,
    },
    { what: 'a field twice', header: '{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,4]}}', bytes: 4, says: /key "dtype" twice/ },
    { what: 'metadata that is no map of texts', header: { __metadata__: { a: 1 } }, says: /__metadata__/ },
  ])('in the header: $what', ({ header, bytes = 0, says, code = 'safetensors.damaged' }) =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      await writeRaw(path, header, bytes);
      const failure = expect(SafetensorsFile.open(path)).rejects;
      const remedy = code === 'safetensors.dtype' ? 'Convert the model to bfloat16, float16 or float32.' : 'Download or copy it again.';
      await failure.toMatchObject({ code, remedy, message: expect.stringMatching(says) as string });
      await expect(SafetensorsFile.open(path)).rejects.toThrow(path);
    }),
  );

  it('is found wherever a file was cut off', () =>
    withFolder(async (folder) => {
      const whole = await readFile(join(goldenFolder('llama-f16'), 'model.safetensors'));
      const path = join(folder, 'x.safetensors');
      const dataStart = 8 + Number(whole.readBigUInt64LE());
      for (const size of [0, 1, 7, 8, 9, 100, dataStart - 1, dataStart, dataStart + 1, whole.length - 1000, whole.length - 1]) {
        await writeFile(path, whole);
        await truncate(path, size);
        await expect(SafetensorsFile.open(path), `${size} bytes`).rejects.toMatchObject({ code: 'safetensors.damaged' });
      }
    }));

  it('after the file was opened is found by the read', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'x.safetensors');
      for (const dtype of ['F32', 'F16'] as const) {
        await writeSafetensors(path, [{ name: 'x', shape: [100], values: new Float32Array(100) }], dtype);
        const file = await SafetensorsFile.open(path);
        await truncate(path, 150);
        await expect(file.read('x')).rejects.toMatchObject({
          code: 'safetensors.damaged',
          message: expect.stringMatching(/tensor x ends at byte \d+, the file has 150/) as string,
        });
        await file.close();
      }
    }));

  it.each([
    { what: 'a header that is too long to be one', bytes: Buffer.from('not safetensors at all, but long enough'), says: /is it a safetensors file/ },
    {
      what: 'a header that is longer than the file',
      bytes: Buffer.from([200, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]),
      says: /header ends at byte 208, the file has 10/,
    },
    { what: 'a header that is no UTF-8', bytes: Buffer.from([6, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22, 0x3a, 0x7d]), says: /no JSON/ },
  ])('as $what', ({ bytes, says }) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'x'), bytes);
      await expect(SafetensorsFile.open(join(folder, 'x'))).rejects.toThrow(says);
    }),
  );

  it('of any byte of a header never leads to anything but an error or a reading of fitting size', () =>
    withFolder(async (folder) => {
      const whole = await readFile(join(goldenFolder('llama-rope-yarn'), 'model.safetensors'));
      const dataStart = 8 + Number(whole.readBigUInt64LE());
      const path = join(folder, 'x.safetensors');
      await fc.assert(
        fc.asyncProperty(fc.nat(dataStart - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
          const bytes = Buffer.from(whole);
          bytes[at] = (bytes[at] as number) ^ flip;
          await writeFile(path, bytes);
          try {
            for (const { shape: sizes, values } of await readTensors(path)) expect(values).toHaveLength(sizeOf(sizes));
          } catch (error) {
            expect(error).toMatchObject({ name: 'WorkbenchError', code: expect.stringMatching(/^safetensors\./) as string });
          }
        }),
        { numRuns: 300 },
      );
    }));

  it('is not what a missing file or a folder is called', () =>
    withFolder(async (folder) => {
      for (const path of [join(folder, 'none'), folder]) {
        await expect(SafetensorsFile.open(path)).rejects.toMatchObject({
          code: 'safetensors.notFound',
          message: expect.stringContaining(path) as string,
          remedy: 'Check the path, or download the file again.',
        });
      }
    }));
});
