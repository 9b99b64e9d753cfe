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
  { name: './adapter_model.safetensors', content: new Uint8Array(1300).fill(7) },
];

it('gives an adapter’s two files', async () => {
  const folder = temporaryFolder();
  await writeAdapterArchive(folder, gzipSync(tarOf(adapter)), 'http://server');
  expect(readFileSync(join(folder, 'adapter_config.json'), 'utf8')).toBe('{}');
  expect(readFileSync(join(folder, 'adapter_model.safetensors'))).toEqual(Buffer.alloc(1300, 7));
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
])('refuses %s', async (_, archive) => {
  await expect(writeAdapterArchive(temporaryFolder(), archive, 'http://server')).rejects.toMatchObject({ code: 'engine.notTinker' });
});
