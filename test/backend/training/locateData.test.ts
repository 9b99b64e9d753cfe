/** Data sets of the hub: of a folder or pattern, the files that it stands for are downloaded and read, and no others. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSets, type ProblemSets } from '../../../backend/data/problemSets.ts';
import { dataSchema } from '../../../backend/protocol/dataConfig.ts';
import { locateData } from '../../../backend/training/locateData.ts';
import { demoFolder } from '../../support/scriptedRun.ts';
import { quick, settingsFor, startHub, type HubServer } from '../hub/hubServer.ts';

const shards = fileURLToPath(new URL('../../fixtures/parquet/shards/', import.meta.url));

function startShards(): Promise<HubServer> {
  const files = readdirSync(shards).map((name) => [`data/${name}`, readFileSync(join(shards, name))] as const);
  return startHub({ ...Object.fromEntries(files), 'README.md': '# Set', 'other/x.jsonl': '{}' });
}

function read(hub: HubServer, train: string, heldOut: string | null, settings = settingsFor(hub)): Promise<ProblemSets> {
  return readSets(dataSchema.parse({ train, heldOut }), { locate: (path, role) => locateData(path, role, { demoFolder, settings, pace: quick }) });
}

const shardsAsked = (hub: HubServer): number => hub.asked('data/train-00000-of-00004.parquet').length;

describe('hf://datasets/…', () => {
  it.each<[string, string, string | null, number, number]>([
    ['one file', '/data/train-00000-of-00004.parquet', null, 10, 0],
    ['a pattern', '/data/train-*.parquet', '/data/test-*.parquet', 40, 4],
    ['a pattern of folders', '/{data,none}/train-0000?-of-00004.parquet', null, 40, 0],
    ['a folder', '/data', '/data', 40, 4],
    ['the whole data set', '', '', 40, 4],
  ])('%s', async (_, train, heldOut, nTrain, nHeldOut) => {
    const hub = await startShards();
    const base = 'hf://datasets/owner/model';
    const sets = await read(hub, base + train, heldOut === null ? null : base + heldOut);
    expect([sets.train.length, sets.heldOut.length]).toEqual([nTrain, nHeldOut]);
    expect(hub.asked('data/test-00000-of-00001.parquet').length > 0).toBe(nHeldOut > 0);
    expect(hub.asked('other/x.jsonl')).toEqual([]);
  });

  it('that is there already is read without the hub', async () => {
    const hub = await startShards();
    const settings = settingsFor(hub);
    await read(hub, 'hf://datasets/owner/model', null, settings);
    const before = shardsAsked(hub);
    for (const change of [{ isOffline: true }, { endpoint: 'http://127.0.0.1:9' }]) {
      expect((await read(hub, 'hf://datasets/owner/model/data/train-*.parquet', null, { ...settings, ...change })).train).toHaveLength(40);
    }
    expect(before).toBeGreaterThan(0);
    expect(shardsAsked(hub)).toBe(before);
  });

  it('that has no such files is refused with those that it has', async () => {
    const hub = await startShards();
    for (const path of ['/nothing', '/data/valid*.parquet']) {
      await expect(read(hub, `hf://datasets/owner/model${path}`, null)).rejects.toMatchObject({
        code: 'hub.noSuchFile',
        message: expect.stringContaining('data/train-00000-of-00004.parquet') as string,
      });
    }
  });
});
