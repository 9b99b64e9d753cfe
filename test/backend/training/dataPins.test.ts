/** A run's data: on the hub the commit that it began with, everywhere what it began with, or a refusal that says what changed. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runConfigSchema, type RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import type { Store } from '../../../backend/store/store.ts';
import { readDataPins, type DataPins } from '../../../backend/training/dataPins.ts';
import { readPinnedRunData } from '../../../backend/training/dataSets.ts';
import { openRun } from '../../../backend/training/openRun.ts';
import { ScriptedEngine } from '../../support/scriptedEngine.ts';
import { demoFolder, openStoreForTest, problem, problems, tokenizer, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { quick, settingsFor, startHub } from '../hub/hubServer.ts';

const rows = (first: number, count: number): string =>
  Array.from({ length: count }, (_, i) => `${JSON.stringify({ problem: `What is ${first + i}?`, answer: String(first + i) })}\n`).join('');

describe('data on the hub', () => {
  const base = 'hf://datasets/owner/model';
  const cases: readonly (readonly [string, RunConfigInput['data']])[] = [
    ['one file', { train: `${base}/data/train-00000-of-00002.jsonl` }],
    ['a pattern', { train: `${base}/data/train-*.jsonl` }],
    ['a folder for both roles', { train: base, heldOut: base }],
  ];

  it.each(cases)('as %s stay those of the commit that a run began with', async (_, data) => {
    const hub = await startHub({
      'data/train-00000-of-00002.jsonl': rows(0, 3),
      'data/train-00001-of-00002.jsonl': rows(10, 3),
      'data/test.jsonl': rows(20, 2),
    });
    const first = hub.commit;
    const config = runConfigSchema.parse({ model: { path: 'demo:model' }, data });
    const options = { demoFolder, settings: settingsFor(hub), pace: quick };
    const { sets, pins } = await readPinnedRunData(config, options, {});
    expect(pins.train).toMatchObject({
      path: config.data.train,
      commit: first,
      files: [{ name: 'data/train-00000-of-00002.jsonl' }, {}].slice(0, pins.train?.files.length),
    });

    hub.commit = 'b'.repeat(40);
    hub.files = { 'data/train-00000-of-00002.jsonl': Buffer.from(rows(100, 9)), 'data/test.jsonl': Buffer.from(rows(200, 9)) };
    const asked = hub.requests.length;
    const again = await readPinnedRunData(config, options, pins);
    expect(again).toEqual({ sets, pins });
    expect(hub.requests.length).toBe(asked);
    expect(
      (await readPinnedRunData({ ...config, data: { ...config.data, train: `${base}/data/train-00000-of-00002.jsonl` } }, options, {})).pins.train,
    ).toMatchObject({
      commit: hub.commit,
    });
  });

  it('are asked for at that commit where the cache has lost them', async () => {
    const hub = await startHub({ 'data/train.jsonl': rows(0, 3) });
    const config = runConfigSchema.parse({ model: { path: 'demo:model' }, data: { train: base } });
    const settings = settingsFor(hub);
    const { pins } = await readPinnedRunData(config, { demoFolder, settings, pace: quick }, {});
    rmSync(settings.cacheFolder, { recursive: true });
    await readPinnedRunData(config, { demoFolder, settings, pace: quick }, pins);
    expect(hub.requests.at(-1)?.path).toContain(`/resolve/${hub.commit}/data/train.jsonl`);
  });
});

describe('data on this machine', () => {
  const changes: readonly (readonly [string, (folder: string) => void, RegExp])[] = [
    ['longer', (folder) => appendFileSync(join(folder, 'train-1.jsonl'), rows(50, 1)), /train-1\.jsonl had 1\d\d bytes and has 1\d\d bytes\./],
    [
      'other',
      (folder) => writeFileSync(join(folder, 'train-1.jsonl'), rows(13, 3)),
      /train-1\.jsonl has another content \(sha256 [0-9a-f]{12}…, it was [0-9a-f]{12}…\)\./,
    ],
    ['missing', (folder) => rmSync(join(folder, 'train-1.jsonl')), /train-1\.jsonl is no longer read\./],
    ['new', (folder) => writeFileSync(join(folder, 'train-2.jsonl'), rows(70, 1)), /train-2\.jsonl was not there\./],
  ];

  it.each(changes)('that are %s than at the start of the run are refused by name', async (_, change, message) => {
    const folder = join(temporaryFolder(), 'set');
    mkdirSync(folder);
    writeFileSync(join(folder, 'train-0.jsonl'), rows(0, 3));
    writeFileSync(join(folder, 'train-1.jsonl'), rows(10, 3));
    const config = runConfigSchema.parse({ model: { path: 'demo:model' }, data: { train: folder } });
    const { pins } = await readPinnedRunData(config, { demoFolder }, {});
    expect((await readPinnedRunData(config, { demoFolder }, pins)).pins).toEqual(pins);
    change(folder);
    await expect(readPinnedRunData(config, { demoFolder }, pins)).rejects.toMatchObject({
      code: 'data.changed',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringContaining('start a new one') as string,
    });
  });
});

describe('openRun', () => {
  const open = async (store: Store, folder: string, train: string, algorithm = 'grpo') =>
    openRun({
      id: 'run',
      config: runConfigSchema.parse({ model: { path: 'demo:model' }, data: { train }, algorithm, sampling: { maxTokens: 24 } }),
      store,
      folder,
      entries: { engine: 'engine.js', grader: '' },
      demoFolder,
      threads: 1,
      openEngine: () => Promise.resolve(new ScriptedEngine(tokenizer, () => 'Answer: 1.')),
      observer: {},
      signal: new AbortController().signal,
    });

  it('keeps the pins of a run that was opened, and holds the run to them', async () => {
    const workspace = temporaryFolder();
    const [store, folder] = [openStoreForTest(workspace), join(workspace, 'run')];
    const train = writeProblems(join(workspace, 'train.jsonl'), problems(3));
    const { config, id } = await open(store, folder, train);
    store.createRun({ id, name: id, algorithm: config.algorithm, seed: 0, config });
    const pins: DataPins = await readDataPins(folder);
    expect(pins).toMatchObject({ train: { path: train, commit: null, files: [{ name: train, bytes: readFileSync(train).length }] } });
    await open(store, folder, train);
    writeProblems(train, [...problems(2), problem(7)]);
    await expect(open(store, folder, train)).rejects.toMatchObject({ code: 'data.changed' });
    writeFileSync(join(folder, 'data.json'), '{"train": 1}');
    await expect(open(store, folder, train)).rejects.toMatchObject({ code: 'run.damaged', message: expect.stringContaining('train') as string });
    rmSync(join(folder, 'data.json'));
    await open(store, folder, train);
  });

  it('is not bound by a start that failed', async () => {
    const workspace = temporaryFolder();
    const [store, folder] = [openStoreForTest(workspace), join(workspace, 'run')];
    const train = writeProblems(join(workspace, 'train.jsonl'), problems(3));
    await open(store, folder, train);
    writeProblems(train, problems(2));
    const { trainProblems } = await open(store, folder, train);
    expect(trainProblems).toHaveLength(2);
  });
});
