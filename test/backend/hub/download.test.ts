/** Downloads against a real server: what is fetched, where it lies, and that no fault of server, line or disk leaves anything wrong behind. */
import { link, lstat, mkdir, readdir, readFile, readlink, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { downloadFile, downloadModel } from '../../../backend/hub/download.ts';
import type { DownloadProgress } from '../../../backend/hub/downloadProgress.ts';
import { parseHubAddress } from '../../../backend/hub/hubAddress.ts';
import { currentSnapshot, placeFile } from '../../../backend/hub/hubCache.ts';
import type { HubSettings } from '../../../backend/hub/hubSettings.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { etagOf, firstCommit, quick, refuse, settingsFor, startHub, type Fault, type HubServer } from './hubServer.ts';

const model = parseHubAddress('hf://owner/model');
const weights = Buffer.alloc(300_000, 'weights');

const files = {
  'config.json': '{"model_type": "qwen2"}',
  'generation_config.json': '{}',
  'tokenizer.json': JSON.stringify({ model: {}, filling: 'x'.repeat(2000) }),
  'tokenizer_config.json': '{}',
  'chat_template.jinja': '{{ messages }}',
  'model.safetensors': weights,
  'pytorch_model.bin': Buffer.alloc(2000),
  'README.md': '# Model',
  'original/consolidated.00.pth': Buffer.alloc(2000),
};
const wanted = ['chat_template.jinja', 'config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];

function get(settings: HubSettings, options: Partial<Parameters<typeof downloadModel>[2]> = {}) {
  return downloadModel(model, 'all', { settings, pace: quick, ...options });
}

async function expectWhole(folder: string, hub: HubServer): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual(wanted);
  for (const name of wanted) expect((await readFile(join(folder, name))).equals(hub.files[name] as Buffer), name).toBe(true);
  const blobs = await readdir(join(folder, '../../blobs'));
  expect(blobs.filter((name) => name.includes('.'))).toEqual([]);
}

describe('a model', () => {
  it('lies in the cache as the Python tools keep it, with nothing but what is needed', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const { folder, commit, isFromCache } = await get(settings);
    expect({ commit, isFromCache }).toEqual({ commit: firstCommit, isFromCache: false });
    const repository = join(settings.cacheFolder, 'models--owner--model');
    expect(folder).toBe(join(repository, 'snapshots', firstCommit));
    await expectWhole(folder, hub);
    expect(await readFile(join(repository, 'refs/main'), 'utf8')).toBe(firstCommit);
    expect(await readlink(join(folder, 'model.safetensors'))).toBe(join('../../blobs', etagOf(weights)));
    expect(new Set(await readdir(join(repository, 'blobs')))).toEqual(new Set(wanted.map((name) => etagOf(hub.files[name] as Buffer))));
    expect(await currentSnapshot(repository)).toBe(folder);
  });

  it('that is there costs one request, and none where a commit is named or nobody may be asked', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const { folder } = await get(settings);
    const before = hub.requests.length;
    await get(settings);
    expect(hub.requests.length - before).toBe(1);
    expect(await downloadModel({ ...model, revision: firstCommit }, 'all', { settings, pace: quick })).toMatchObject({ folder, isFromCache: true });
    expect(await get({ ...settings, isOffline: true })).toMatchObject({ folder, isFromCache: true });
    expect(hub.requests.length - before).toBe(1);
  });

  it('of a new commit fetches what changed, and keeps the old snapshot', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const old = await get(settings);
    hub.commit = 'b'.repeat(40);
    hub.files = { ...hub.files, 'generation_config.json': Buffer.from('{"eos_token_id": 1}') };
    const before = hub.asked('model.safetensors').length;
    const now = await get(settings);
    await expectWhole(now.folder, hub);
    expect(hub.asked('model.safetensors')).toHaveLength(before);
    expect(await readFile(join(old.folder, 'generation_config.json'), 'utf8')).toBe('{}');
    expect(await readFile(join(now.folder, '../../refs/main'), 'utf8')).toBe(hub.commit);
  });

  it('in shards is fetched by its index, or described without its weights', async () => {
    const { 'model.safetensors': _, ...rest } = files;
    const map = { weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' } };
    const hub = await startHub({
      ...rest,
      'model.safetensors.index.json': JSON.stringify(map),
      'model-00001-of-00002.safetensors': Buffer.alloc(5000, 1),
      'model-00002-of-00002.safetensors': Buffer.alloc(5000, 2),
      'consolidated.safetensors': Buffer.alloc(5000, 3),
    });
    const settings = settingsFor(hub);
    const described = await downloadModel(model, 'description', { settings, pace: quick });
    expect((await readdir(described.folder)).filter((name) => name.endsWith('.safetensors'))).toEqual([]);
    await expect(get({ ...settings, isOffline: true })).rejects.toMatchObject({ code: 'hub.offline' });
    const { folder } = await get(settings);
    expect((await readdir(folder)).filter((name) => name.endsWith('.safetensors'))).toEqual(Object.values(map.weight_map));
    expect(await get({ ...settings, isOffline: true })).toMatchObject({ folder });
  });

  it('whose listing names no checksums is asked for them file by file', async () => {
    const hub = await startHub(files);
    hub.tellsBlobs = false;
    const { folder } = await get(settingsFor(hub));
    await expectWhole(folder, hub);
    expect(hub.requests.filter(({ method }) => method === 'HEAD').length).toBe(wanted.length);
  });

  it('is told with bytes, rate and time', async () => {
    const hub = await startHub(files);
    const told: DownloadProgress[] = [];
    await get(settingsFor(hub), { onProgress: (progress) => told.push(progress) });
    const last = told.at(-1);
    expect(last).toMatchObject({ repository: 'owner/model', filesDone: 1, filesTotal: 1, bytesDone: weights.length, bytesTotal: weights.length });
    expect(last?.bytesPerSecond).toBeGreaterThan(0);
    expect(last?.secondsLeft).toBe(0);
    expect(told.every(({ bytesDone, bytesTotal }) => bytesDone <= bytesTotal)).toBe(true);
  });

  it('fetched twice at once is whole', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const both = await Promise.all([get(settings), get(settings)]);
    expect(both[0].folder).toBe(both[1].folder);
    await expectWhole(both[0].folder, hub);
  });

  it('whose files have names that lead out of the cache leaves them alone', async () => {
    const hub = await startHub({ ...files, '../../config.json': '{}', '/etc/config.json': '{}', 'a\\..\\config.json': '{}' });
    await expectWhole((await get(settingsFor(hub))).folder, hub);
  });
});

/** Large files, wherever the fault is to be. */
const isWeights = (path: string): boolean => path.endsWith('model.safetensors');

describe('a connection', () => {
  it('that drops again and again is taken up where it ended', async () => {
    const hub = await startHub(files);
    const starts: number[] = [];
    // More drops than tries in a row are allowed: each brings something.
    hub.fault = ({ host, path, range }, response) => {
      if (host !== 'storage' || !isWeights(path)) return false;
      const start = Number(/\d+/.exec(range ?? '')?.[0] ?? 0);
      starts.push(start);
      if (starts.length > 8) return false;
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': weights.length - start,
        ...(start > 0 ? { 'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}` } : {}),
      });
      response.write(weights.subarray(start, start + 20_000), () => setTimeout(() => response.destroy(), 5));
      return true;
    };
    await expectWhole((await get(settingsFor(hub))).folder, hub);
    expect(starts).toEqual(Array.from({ length: 9 }, (_, i) => i * 20_000));
  });

  it('on which nothing comes any more is given up and made again', async () => {
    const hub = await startHub(files);
    let stalled = 0;
    hub.fault = ({ host, path }, response) => {
      if (host !== 'storage' || !isWeights(path) || stalled++ > 0) return false;
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 1000));
      return true;
    };
    await expectWhole((await get(settingsFor(hub))).folder, hub);
  });

  it('that never comes about is told after some tries, with what the cache has as the way out', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const nobody = { ...settings, endpoint: 'http://127.0.0.1:9' };
    await expect(get(nobody)).rejects.toMatchObject({
      code: 'hub.unreachable',
      message: expect.stringMatching(/127\.0\.0\.1:9 does not answer/) as string,
    });
    const { folder } = await get(settings);
    expect(await get(nobody)).toMatchObject({ folder, isFromCache: true });
  });

  it('goes on from what an earlier process left, and not from what a living one writes', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const blobs = join(settings.cacheFolder, 'models--owner--model/blobs');
    await mkdir(blobs, { recursive: true });
    const name = etagOf(weights);
    await writeFile(join(blobs, `${name}.incomplete`), weights.subarray(0, 100_000));
    await writeFile(join(blobs, `${name}.elsewhere.1.0.incomplete`), weights.subarray(0, 200_000));
    const { folder } = await get(settings);
    expect(hub.asked('model.safetensors').map(({ range }) => range)).toEqual(['bytes=100000-', 'bytes=100000-']);
    expect((await readFile(join(folder, 'model.safetensors'))).equals(weights)).toBe(true);
    expect(await readdir(blobs)).toContain(`${name}.elsewhere.1.0.incomplete`);
  });
});

describe('cancelling', () => {
  it('ends at once, keeps what came, and the next download goes on there', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const controller = new AbortController();
    hub.fault = ({ host, path }, response) => {
      if (host !== 'storage' || !isWeights(path)) return false;
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, 50_000));
      setTimeout(() => controller.abort(), 50);
      return true;
    };
    const patient = { ...quick, silenceMs: 60_000 };
    await expect(get(settings, { signal: controller.signal, pace: patient })).rejects.toMatchObject({ name: 'AbortError' });
    hub.fault = undefined;
    await expectWhole((await get(settings)).folder, hub);
    expect(hub.asked('model.safetensors').at(-1)?.range).toBe('bytes=50000-');
  });

  it('also ends the pause before another try', async () => {
    const hub = await startHub(files);
    hub.fault = (_, response) => {
      refuse(response, 503, 'Busy', { 'retry-after': '3600' });
      return true;
    };
    const signal = AbortSignal.timeout(60);
    await expect(get(settingsFor(hub), { signal, pace: { ...quick, longestDelayMs: 60_000 } })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a server', () => {
  it.each<{ what: string; status: number; headers?: Record<string, string>; token?: string; code: string; says: RegExp }>([
    { what: '401 without a token', status: 401, code: 'hub.unauthorized', says: /not open to everyone.*HF_TOKEN/ },
    { what: '401 with a token', status: 401, token: 'hf_x', code: 'hub.unauthorized', says: /the token is not valid/ },
    {
      what: '403',
      status: 403,
      headers: { 'x-error-message': 'Access to model is restricted.\u0007' },
      code: 'hub.forbidden',
      says: /\(HTTP 403: Access to model is restricted\.?.?\).*accept the terms at http/,
    },
    { what: '404', status: 404, code: 'hub.notFound', says: /hf:\/\/owner\/model is not there \(HTTP 404\)/ },
    { what: '418', status: 418, code: 'hub.refused', says: /HTTP 418/ },
    { what: '429 for ever', status: 429, code: 'hub.busy', says: /too many requests/ },
    { what: '500 for ever', status: 500, code: 'hub.busy', says: /cannot be had at the moment/ },
  ])('that answers $what is understood', async ({ status, headers, token, code, says }) => {
    const hub = await startHub(files);
    const safe = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, value.replace('\u0007', '')]));
    hub.fault = (_, response) => {
      refuse(response, status, 'Refused', safe);
      return true;
    };
    const error: unknown = await get(settingsFor(hub, { token: token ?? null })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'WorkbenchError', code, message: expect.stringMatching(says) as string });
    if (token !== undefined) expect(JSON.stringify(error) + String(error)).not.toContain(token);
    expect(hub.requests).toHaveLength(code === 'hub.busy' ? quick.attempts : 1);
  });

  it.each([429, 500, 502, 503, 408])('that answers %s for a while is asked again', async (status) => {
    const hub = await startHub(files);
    const refused = new Set<string>();
    hub.fault = ({ path, host }, response) => {
      if (refused.has(host + path)) return false;
      refused.add(host + path);
      refuse(response, status, 'Busy', status === 429 ? { 'retry-after': '0' } : {});
      return true;
    };
    await expectWhole((await get(settingsFor(hub))).folder, hub);
  });

  it('that waits as asked before another try', async () => {
    const hub = await startHub(files);
    let first = 0;
    hub.fault = (_, response) => {
      if (first !== 0) return false;
      first = performance.now();
      refuse(response, 429, 'Busy', { 'retry-after': '0.2' });
      return true;
    };
    await get(settingsFor(hub), { pace: { ...quick, longestDelayMs: 1000 } });
    expect(performance.now() - first).toBeGreaterThan(195);
  });

  const wrong: Record<string, Fault> = {
    'other bytes': (_, response) => (response.end(Buffer.alloc(weights.length, 'wrong')), true),
    'a longer file': (_, response) => (response.end(Buffer.concat([weights, weights])), true),
    'a page of its own': (_, response) => (response.end('<html>please log in</html>'), true),
  };
  it.each(Object.keys(wrong))('that gives %s once is asked again, and for ever is refused with nothing left behind', async (what) => {
    for (const isForEver of [false, true]) {
      const hub = await startHub(files);
      let times = 0;
      hub.fault = (request, response) =>
        request.host === 'storage' && isWeights(request.path) && (times++ === 0 || isForEver) ? (wrong[what] as Fault)(request, response) : false;
      const settings = settingsFor(hub);
      if (!isForEver) await expectWhole((await get(settings)).folder, hub);
      else {
        const code = what === 'a page of its own' ? 'hub.unreachable' : 'hub.corrupted';
        await expect(get(settings)).rejects.toMatchObject({ code });
        hub.fault = undefined;
        await expectWhole((await get(settings)).folder, hub);
      }
    }
  });

  it('that ignores ranges, or gives others than asked, still gives the whole', async () => {
    for (const headers of [null, 'bytes 7-9/10', `bytes 0-${weights.length - 1}/${weights.length}`]) {
      const hub = await startHub(files);
      const settings = settingsFor(hub);
      const blobs = join(settings.cacheFolder, 'models--owner--model/blobs');
      await mkdir(blobs, { recursive: true });
      await writeFile(join(blobs, `${etagOf(weights)}.incomplete`), weights.subarray(0, 1234));
      hub.fault = ({ host, path, range }, response) => {
        if (host !== 'storage' || !isWeights(path) || range === undefined) return false;
        response.writeHead(headers === null ? 200 : 206, headers === null ? {} : { 'content-range': headers });
        response.end(weights);
        return true;
      };
      await expectWhole((await get(settings)).folder, hub);
    }
  });

  it('that lost the file meanwhile refuses the range, and the rest is not trusted', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const blobs = join(settings.cacheFolder, 'models--owner--model/blobs');
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, `${etagOf(weights)}.incomplete`), Buffer.concat([weights, weights]));
    await expectWhole((await get(settings)).folder, hub);
  });

  it('that sends files elsewhere does not send the token there', async () => {
    const hub = await startHub(files);
    await get(settingsFor(hub, { token: 'hf_secret' }));
    expect(new Set(hub.requests.map(({ host, authorization }) => `${host} ${authorization ?? 'nothing'}`))).toEqual(
      new Set(['hub Bearer hf_secret', 'storage nothing']),
    );
  });

  it('that sends in circles, or answers with something else, is told', async () => {
    const hub = await startHub(files);
    hub.fault = ({ path }, response) => {
      response.writeHead(307, { location: path });
      response.end();
      return true;
    };
    await expect(get(settingsFor(hub))).rejects.toMatchObject({ code: 'hub.answer', message: expect.stringMatching(/more than 8 times/) as string });
    for (const text of ['<html>', 'null', '{"sha": "x", "siblings": []}', '[]']) {
      hub.fault = (_, response) => (response.end(text), true);
      await expect(get(settingsFor(hub))).rejects.toMatchObject({ code: 'hub.answer' });
    }
  });
});

describe('a repository', () => {
  it.each([
    {
      what: 'with pickles only',
      content: { 'config.json': '{}', 'pytorch_model.bin': 'x' },
      says: /it has pytorch_model\.bin\. Pickled weights can run code/,
    },
    { what: 'with quantized weights only', content: { 'model.gguf': 'x' }, says: /it has model\.gguf/ },
    { what: 'without weights', content: { 'README.md': 'x' }, says: /has no model\.safetensors\. Choose/ },
  ])('$what is refused before anything is fetched', async ({ content, says }) => {
    const hub = await startHub(content);
    await expect(get(settingsFor(hub))).rejects.toMatchObject({ code: 'hub.noWeights', message: expect.stringMatching(says) as string });
    expect(hub.requests).toHaveLength(1);
  });

  it('whose index names a shard that is not there is refused', async () => {
    const hub = await startHub({ 'config.json': '{}', 'model.safetensors.index.json': '{"weight_map": {"a": "model-00001-of-00001.safetensors"}}' });
    await expect(get(settingsFor(hub))).rejects.toMatchObject({
      code: 'hub.noSuchFile',
      message: expect.stringMatching(/has no file model-00001-of-00001\.safetensors/) as string,
    });
  });

  it('without the revision is not mistaken for one without network', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    await get(settings);
    await expect(downloadModel({ ...model, revision: 'v9' }, 'all', { settings, pace: quick })).rejects.toMatchObject({ code: 'hub.notFound' });
  });
});

describe('the disk', () => {
  it('from which a blob is gone gets it anew under the link that is still there', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const { folder } = await get(settings);
    await rm(await realpath(join(folder, 'config.json')));
    expect((await lstat(join(folder, 'config.json'))).isSymbolicLink()).toBe(true);
    await get(settings);
    expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe(files['config.json']);
  });

  it('without links gets hard links, or copies', async () => {
    const folder = temporaryFolder();
    const blob = join(folder, 'blob');
    await writeFile(blob, 'content');
    const refused = (): Promise<void> => Promise.reject(new Error('EPERM'));
    await placeFile(folder, 'snapshot/hard', blob, [refused, link]);
    await placeFile(folder, 'snapshot/copy', blob, [refused, refused]);
    for (const name of ['hard', 'copy']) expect(await readFile(join(folder, 'snapshot', name), 'utf8')).toBe('content');
    expect((await stat(join(folder, 'snapshot/hard'))).ino).toBe((await stat(blob)).ino);
    expect((await lstat(join(folder, 'snapshot/copy'))).isFile()).toBe(true);
  });

  it('on which a file was cut off gets it whole by another download', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    const { folder } = await get(settings);
    await truncate(await realpath(join(folder, 'model.safetensors')), 1000);
    await get(settings);
    await expectWhole(folder, hub);
  });

  it('on which a file stands where a folder should be is named', async () => {
    const hub = await startHub(files);
    const settings = settingsFor(hub);
    await writeFile(join(settings.cacheFolder, 'models--owner--model'), '');
    await expect(get(settings)).rejects.toMatchObject({ code: 'hub.notWritten', message: expect.stringMatching(/HF_HUB_CACHE/) as string });
  });
});

describe('a data file', () => {
  const train = parseHubAddress('hf://datasets/owner/model/data/train.parquet');
  const content = { 'data/train.parquet': Buffer.alloc(4000, 'p'), 'data/test.parquet': Buffer.alloc(4000, 'q'), 'README.md': 'x' };

  it('lies at its path in a snapshot of the data set, alone', async () => {
    const hub = await startHub(content);
    const settings = settingsFor(hub);
    const path = await downloadFile(train, { settings, pace: quick });
    expect(path).toBe(join(settings.cacheFolder, 'datasets--owner--model/snapshots', firstCommit, 'data/train.parquet'));
    expect(await readlink(path)).toBe(join('../../../blobs', etagOf(content['data/train.parquet'])));
    expect((await stat(path)).size).toBe(4000);
    expect(hub.asked('test.parquet')).toEqual([]);
    expect(await downloadFile(train, { settings: { ...settings, isOffline: true } })).toBe(path);
    expect(await downloadFile(train, { settings: { ...settings, endpoint: 'http://127.0.0.1:9' }, pace: quick })).toBe(path);
  });

  it('that is not there is told with those that are', async () => {
    const hub = await startHub(content);
    const settings = settingsFor(hub);
    for (const path of ['train.parquet', null]) {
      await expect(downloadFile({ ...train, path }, { settings, pace: quick })).rejects.toMatchObject({
        code: 'hub.noSuchFile',
        message: expect.stringMatching(/It has data\/train\.parquet, data\/test\.parquet\.$/) as string,
      });
    }
    await expect(downloadFile(train, { settings: { ...settings, isOffline: true } })).rejects.toMatchObject({ code: 'hub.offline' });
  });
});
