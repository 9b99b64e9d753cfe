/** Environment variables and addresses, read as the Python tools read them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addressText, parseHubAddress } from '../../../backend/hub/hubAddress.ts';
import { snapshotAddress } from '../../../backend/hub/hubCache.ts';
import { readHubSettings } from '../../../backend/hub/hubSettings.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const nowhere = { HF_TOKEN_PATH: '/nowhere/token' };

describe('settings', () => {
  it.each<{ environment: Record<string, string>; cache: string }>([
    { environment: {}, cache: join(homedir(), '.cache/huggingface/hub') },
    { environment: { XDG_CACHE_HOME: '/x' }, cache: '/x/huggingface/hub' },
    { environment: { XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, cache: '/h/hub' },
    { environment: { HF_HOME: '~/h' }, cache: join(homedir(), 'h/hub') },
    { environment: { HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, cache: '/old' },
    { environment: { HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, cache: '/new' },
    { environment: { HF_HOME: '/h', HF_HUB_CACHE: '' }, cache: '/h/hub' },
  ])('$environment put the cache at $cache', async ({ environment, cache }) => {
    expect((await readHubSettings({ ...nowhere, ...environment })).cacheFolder).toBe(cache);
  });

  it('have a token from the environment, or else from the file of the log-in', async () => {
    const home = temporaryFolder();
    expect((await readHubSettings({ HF_HOME: home })).token).toBeNull();
    await writeFile(join(home, 'token'), 'hf_file\n');
    expect((await readHubSettings({ HF_HOME: home })).token).toBe('hf_file');
    expect((await readHubSettings({ HF_HOME: home, HUGGING_FACE_HUB_TOKEN: 'hf_old' })).token).toBe('hf_old');
    expect((await readHubSettings({ HF_HOME: home, HUGGING_FACE_HUB_TOKEN: 'hf_old', HF_TOKEN: ' hf_new ' })).token).toBe('hf_new');
    await mkdir(join(home, 'folder'));
    await expect(readHubSettings({ HF_TOKEN_PATH: join(home, 'folder') })).rejects.toMatchObject({ code: 'hub.settings' });
  });

  it('name the server, and whether it may be asked', async () => {
    expect(await readHubSettings(nowhere)).toMatchObject({ endpoint: 'https://huggingface.co', isOffline: false });
    expect(await readHubSettings({ ...nowhere, HF_ENDPOINT: 'https://mirror/hf//', HF_HUB_OFFLINE: '1' })).toMatchObject({
      endpoint: 'https://mirror/hf',
      isOffline: true,
    });
    expect((await readHubSettings({ ...nowhere, TRANSFORMERS_OFFLINE: 'yes' })).isOffline).toBe(true);
    expect((await readHubSettings({ ...nowhere, HF_HUB_OFFLINE: '0' })).isOffline).toBe(false);
    for (const endpoint of ['mirror', 'ftp://mirror', 'file:///x'])
      await expect(readHubSettings({ ...nowhere, HF_ENDPOINT: endpoint })).rejects.toMatchObject({ code: 'hub.settings' });
  });
});

describe('an address', () => {
  const model = { kind: 'model', id: 'Qwen/Qwen2.5-0.5B', revision: 'main', path: null };
  it.each([
    { text: 'hf://Qwen/Qwen2.5-0.5B', address: model },
    { text: 'hf://models/Qwen/Qwen2.5-0.5B', address: model },
    { text: 'hf://Qwen/Qwen2.5-0.5B/', address: model },
    { text: 'hf://Qwen/Qwen2.5-0.5B@v1.0', address: { ...model, revision: 'v1.0' } },
    { text: 'hf://Qwen/Qwen2.5-0.5B@refs/pr/3', address: { ...model, revision: 'refs/pr/3' } },
    { text: 'hf://Qwen/Qwen2.5-0.5B@refs%2Fpr%2F3', address: { ...model, revision: 'refs/pr/3' } },
    { text: 'hf://datasets/a/b/data/train.parquet', address: { kind: 'dataset', id: 'a/b', revision: 'main', path: 'data/train.parquet' } },
    {
      text: 'hf://datasets/a/b@refs/convert/parquet/default/train/0000.parquet',
      address: { kind: 'dataset', id: 'a/b', revision: 'refs/convert/parquet', path: 'default/train/0000.parquet' },
    },
  ])('$text is understood, and written as it is read', ({ text, address }) => {
    expect(parseHubAddress(text)).toEqual(address);
    expect(parseHubAddress(addressText(parseHubAddress(text)))).toEqual(address);
  });

  it.each([
    'Qwen/Qwen2.5',
    'hf://',
    'hf://Qwen',
    'hf:///Qwen2.5',
    'hf://../Qwen',
    'hf://Qwen/..',
    'hf://a/b@',
    'hf://a/b@../../x',
    'hf://a/b@%2e%2e%2fx',
    'hf://a/b/../../c',
    'hf://a/b/c\\d',
    'hf://spaces/a/b',
    'hf://datasets/a',
    'hf://a b/c',
  ])('%s is none', (text) => expect(() => parseHubAddress(text)).toThrow(expect.objectContaining({ code: 'hub.address' }) as Error));

  it('is known of a snapshot in the cache', () => {
    const commit = 'd'.repeat(40);
    const snapshot = join('/cache', 'models--owner--some-name', 'snapshots', commit);
    expect(snapshotAddress(snapshot)).toEqual({ kind: 'model', id: 'owner/some-name', revision: commit, path: null });
    for (const other of ['/models/some-name', join('/cache/models--owner--x/snapshots/main'), '/']) expect(snapshotAddress(other)).toBeNull();
  });
});
