/** The command `download`, against a hub on loopback, and runs whose model and data are on it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { download } from '../../../../backend/cli/commands/download.ts';
import { exportModel } from '../../../../backend/cli/commands/exportModel.ts';
import { downloadText } from '../../../../backend/cli/downloadText.ts';
import { readAdapterConfig } from '../../../../backend/models/adapterConfig.ts';
import { runConfigSchema } from '../../../../backend/protocol/runConfig.ts';
import { runFolder } from '../../../../backend/store/workspaceFolders.ts';
import { readPin } from '../../../../backend/training/modelPins.ts';
import { planRun } from '../../../../backend/training/plan.ts';
import { resolveModel } from '../../../../backend/training/sources.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { startHub, type HubServer } from '../../hub/hubServer.ts';
import { demoFolder, fewProblems, runCommand, tinyModel, tinySettings, trainTiny } from './harness.ts';

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

/** A hub with a model, that of the demonstration if none is given, and the demonstration's problems, which the environment names. */
async function demoHub(folder = join(demoFolder, 'model')): Promise<{ hub: HubServer; cache: string }> {
  const files: Record<string, Buffer> = { 'data/train.jsonl': await readFile(join(demoFolder, 'train.jsonl')) };
  for (const name of await readdir(folder)) files[name] = await readFile(join(folder, name));
  const hub = await startHub(files);
  const cache = temporaryFolder();
  process.env = { ...before, HF_ENDPOINT: hub.url, HF_HUB_CACHE: cache, HF_TOKEN_PATH: join(cache, 'no-token') };
  return { hub, cache };
}

it('brings a model, says where it is, and what it has of it already', async () => {
  const { hub, cache } = await demoHub();
  const snapshot = join(cache, 'models--owner--model/snapshots', hub.commit);
  const { exitCode, text } = await runCommand(download, ['owner/model']);
  expect(exitCode).toBe(0);
  expect(text).toMatch(/owner\/model: [\d.]+ of [\d.]+ MB, [\d.]+ [kM]B\/s \(1 of 1 files\)\n/);
  expect(text.endsWith(`Commit aaaaaaaa is there:\n${snapshot}\n`)).toBe(true);
  const { text: again } = await runCommand(download, ['hf://owner/model', '--revision', hub.commit]);
  expect(again).toBe(`Commit aaaaaaaa was there already:\n${snapshot}\n`);
});

it('brings one file of a data set', async () => {
  const { cache } = await demoHub();
  const { text } = await runCommand(download, ['hf://datasets/owner/model/data/train.jsonl']);
  expect(text).toContain(join(cache, 'datasets--owner--model/snapshots'));
  await expect(runCommand(download, ['owner'])).rejects.toMatchObject({ code: 'hub.address' });
  await expect(runCommand(download, ['owner/other'])).rejects.toMatchObject({ code: 'hub.notFound' });
});

it('is not needed: a plan fetches what describes a model, a run all of it, and stays with its commit', async () => {
  const { hub, cache } = await demoHub();
  const config = runConfigSchema.parse({ model: { path: 'hf://owner/model' }, data: { train: 'hf://datasets/owner/model/data/train.jsonl' } });
  const plan = await planRun(config, { demoFolder });
  expect(plan.parameters).toBeGreaterThan(0);
  expect(plan.trainProblems).toBeGreaterThan(0);
  expect(hub.asked('model.safetensors')).toEqual([]);
  const pinFolder = join(cache, 'run');
  const source = await resolveModel(config, { demoFolder, pinFolder });
  expect(await readPin(pinFolder, config.model.path)).toBe(hub.commit);
  expect(await readdir(source.folder)).toContain('model.safetensors');
  hub.commit = 'b'.repeat(40);
  hub.files = { ...hub.files, 'config.json': Buffer.from('{}') };
  expect((await resolveModel(config, { demoFolder, pinFolder })).folder).toBe(source.folder);
  expect((await resolveModel(config, { demoFolder })).folder).not.toBe(source.folder);
});

it('is not needed by a run, which keeps the commit it began with', async () => {
  const workspace = temporaryFolder();
  const model = await tinyModel(join(workspace, 'tiny'));
  const data = await fewProblems(join(workspace, 'problems.jsonl'), 4, 'train.jsonl');
  const { hub, cache } = await demoHub(model);
  const run = await trainTiny(workspace, [...tinySettings('hf://owner/model', data), 'model.lora={"rank":2,"alpha":4}']);
  const first = hub.commit;
  expect(JSON.parse(await readFile(join(runFolder(workspace, run), 'models.json'), 'utf8'))).toEqual({ 'hf://owner/model': first });
  hub.commit = 'b'.repeat(40);
  const out = join(workspace, 'adapter');
  await runCommand(exportModel, ['--run', run, '--form', 'adapter', '--workspace', workspace, '--out', out]);
  expect(await readAdapterConfig(out)).toMatchObject({ base: 'owner/model', revision: first });
  // The adapter finds its base on the hub again.
  expect(await resolveModel(runConfigSchema.parse({ model: { path: out }, data: { train: data } }), { demoFolder })).toMatchObject({
    adapter: out,
    folder: join(cache, 'models--owner--model/snapshots', first),
  });
});

it('speaks of sizes, rate and time', () => {
  const progress = {
    repository: 'o/m\u001b[2J',
    file: 'a',
    filesDone: 2,
    filesTotal: 9,
    bytesDone: 1.2e9,
    bytesTotal: 3.1e9,
    bytesPerSecond: 24e6,
    secondsLeft: 80,
  };
  expect(downloadText(progress)).toBe('o/m␛[2J: 1.2 of 3.1 GB, 24.0 MB/s, 1:20 left (2 of 9 files)');
  expect(downloadText({ ...progress, bytesPerSecond: 0, secondsLeft: null })).toBe('o/m␛[2J: 1.2 of 3.1 GB (2 of 9 files)');
});
