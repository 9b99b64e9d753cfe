/** Archives of adapters from a server: somebody else's files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { untar, writeAdapterArchive } from '../../../../backend/engine/tinker/archive.ts';
import { tarOf, type TarEntry } from '../../../support/tar.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const adapter: readonly TarEntry[] = [
  { name: './', content: bytes(''), type: '5' },
  { name: './adapter_config.json', content: bytes('{}') },
  { name: './adapter_model.safetensors', content: safetensors(['layers.0.self_attn.q_proj.lora_A.weight', 'layers.0.mlp.up_proj.lora_B.weight']) },
];

/** Matrices of those names. */
function safetensors(names: readonly string[]): Uint8Array {
  const entry = (i: number): object => ({ dtype: 'F32', shape: [10, 10], data_offsets: [400 * i, 400 * (i + 1)] });
  const header = bytes(JSON.stringify(Object.fromEntries(names.map((name, i) => [name, entry(i)]))));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(400 * names.length, 7)]);
}

it('gives an adapter’s two files', async () => {
  const folder = temporaryFolder();
  await writeAdapterArchive(folder, gzipSync(tarOf(adapter)), 'http://server');
  // PEFT passes over what its configuration does not name.
  expect(JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'))).toEqual({
    target_modules: ['q_proj', 'up_proj'],
    task_type: 'CAUSAL_LM',
  });
  expect(readFileSync(join(folder, 'adapter_model.safetensors'))).toEqual(Buffer.from(adapter[2]?.content ?? []));
});

it('keeps what the configuration names', async () => {
  const folder = temporaryFolder();
  const named = adapter.map((entry, i) => (i === 1 ? { ...entry, content: bytes('{"target_modules":["q_proj"],"task_type":"X","r":8}') } : entry));
  await writeAdapterArchive(folder, gzipSync(tarOf(named)), 'http://server');
  expect(JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8'))).toEqual({ target_modules: ['q_proj'], task_type: 'X', r: 8 });
});

it('writes nothing else, and nowhere else', async () => {
  const folder = temporaryFolder();
  const hostile = [...adapter, { name: '../../outside.json', content: bytes('x') }, { name: 'other.py', content: bytes('x') }];
  await writeAdapterArchive(folder, gzipSync(tarOf(hostile)), 'http://server');
  expect(readdirSync(folder).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(existsSync(join(folder, '../../outside.json'))).toBe(false);
  expect(untar(tarOf([{ name: 'adapter_config.json', content: bytes(''), type: '2' }])).size).toBe(0);
});

it.each([
  ['no gzip', Buffer.from('<html>')],
  ['no tar', gzipSync(Buffer.alloc(600, 120))],
  ['a part', gzipSync(tarOf(adapter).subarray(0, 2000))],
  ['an adapter without weights', gzipSync(tarOf(adapter.slice(0, 2)))],
  ['weights that are none', gzipSync(tarOf([...adapter.slice(0, 2), { name: 'adapter_model.safetensors', content: new Uint8Array(90).fill(255) }]))],
  ['weights of no adapter', gzipSync(tarOf([...adapter.slice(0, 2), { name: 'adapter_model.safetensors', content: safetensors(['norm.weight']) }]))],
])('refuses %s', async (_, archive) => {
  await expect(writeAdapterArchive(temporaryFolder(), archive, 'http://server')).rejects.toMatchObject({ code: 'engine.notTinker' });
});
