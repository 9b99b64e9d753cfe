/** Bad input of every kind to a real run: it is refused, or lived with, in words that name the thing, the place and what to do. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WorkbenchError } from '../../backend/core/errors.ts';
import { verdict } from '../../backend/critics/verdict.ts';
import { SafetensorsFile, writeSafetensors } from '../../backend/models/safetensors.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { problem, told, writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { allEvents, lastCheckpoint, runId, traceOf, trainTiny, type TinyRunOptions, tinyConfig } from './tinyRun.ts';

const folder = temporaryFolderOfFile();
let model = '';
beforeAll(async () => {
  model = await makeTinyModel(folder);
});

type Config = Partial<RunConfigInput>;

/** A sound run of two steps, in a workspace of its own. */
function setUp(config: Config = {}, workspace = temporaryFolder()): { workspace: string; config: RunConfigInput } {
  const train = join(workspace, 'problems.jsonl');
  if (!existsSync(train)) writeProblems(train, tinyProblems);
  return {
    workspace,
    config: {
      ...tinyConfig(model, train),
      evaluation: { every: 0, failureAttempts: 1 },
      checkpoint: { every: 1, keep: 10 },
      ...config,
      training: { steps: 2, problemsPerStep: 2, ...config.training },
    },
  };
}

function copyOfModel(): string {
  const copy = join(temporaryFolder(), 'model');
  cpSync(model, copy, { recursive: true });
  return copy;
}

function editConfig(path: string, changes: object): void {
  const file = join(path, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...changes }));
}

async function poisonWeights(path: string): Promise<void> {
  const file = await SafetensorsFile.open(join(path, 'model.safetensors'));
  const tensors = [];
  for (const [name, { shape }] of file.tensors) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    await file.read(name, values);
    if (name.includes('layers.1.mlp.down_proj')) values[3] = NaN;
    tensors.push({ name, shape, values });
  }
  await file.close();
  await writeSafetensors(join(path, 'model.safetensors'), tensors, 'F32');
}

/** The error of a run that must fail: always one made to be read. */
async function failureOf(options: TinyRunOptions): Promise<WorkbenchError> {
  const error: unknown = await trainTiny(options).then(
    (outcome) => outcome,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof WorkbenchError)) throw new Error(`no WorkbenchError but ${String(error)}`, { cause: error });
  expect(error.remedy).toMatch(/^\S.{15,}\.$/s);
  expect(error.message).toContain(error.remedy);
  return error;
}

function recorded<T>(workspace: string, read: (store: ReturnType<typeof openStore>) => T): T {
  const store = openStore(workspace, { readOnly: true });
  try {
    return read(store);
  } finally {
    store.close();
  }
}

describe('a model that', () => {
  it.each<[string, string, RegExp, (path: string) => unknown]>([
    ['is not there', 'model.notFound', /config\.json/, (path) => rmSync(join(path, 'config.json'))],
    ['has no weights', 'model.noWeights', /model\.safetensors/, (path) => rmSync(join(path, 'model.safetensors'))],
    ['has truncated weights', 'safetensors.damaged', /model\.safetensors.*\d+/s, (path) => truncateSync(join(path, 'model.safetensors'), 30_000)],
    ['has an empty weight file', 'safetensors.damaged', /model\.safetensors/, (path) => truncateSync(join(path, 'model.safetensors'), 0)],
    ['has weights of another shape', 'model.tensorShape', /\[216, 32\].*\[216, 64\]/s, (path) => editConfig(path, { hidden_size: 64 })],
    ['lacks a layer', 'model.tensorMissing', /layers\.2\./, (path) => editConfig(path, { num_hidden_layers: 3 })],
    ['is of an unknown architecture', 'model.unknownArchitecture', /"mamba".*qwen2/s, (path) => editConfig(path, { model_type: 'mamba' })],
    ['holds numbers that are none', 'engine.notFinite', /NaN|finite/, poisonWeights],
  ])('%s is refused', async (_, code, message, spoil) => {
    const path = copyOfModel();
    await spoil(path);
    const { workspace, config } = setUp({ model: { path } });
    const error = await failureOf({ workspace, config });
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    if (code !== 'engine.notFinite') expect(error.message).toContain(path);
    // Nothing was sampled, so nothing is recorded but, where the run had begun, its end.
    expect(recorded(workspace, (store) => [store.run(runId)?.lastStep, store.countRollouts(runId)])).toEqual([null, 0]);
    expect(recorded(workspace, (store) => store.run(runId)?.state)).toBe(code === 'engine.notFinite' ? 'failed' : 'stopped');
  });
});

describe('problems that', () => {
  it('have a broken line are refused with the line', async () => {
    const made = setUp();
    const path = join(made.workspace, 'problems.jsonl');
    writeFileSync(path, `${JSON.stringify(problem(0))}\n\n{"id": "p1", "prompt": "How many?", "answer": \n${JSON.stringify(problem(2))}\n`);
    const error = await failureOf(made);
    expect(error.code).toBe('dataset.brokenRow');
    expect(error.message).toContain(`${path}:3`);
  });

  it('are longer than the context are refused by name', async () => {
    const made = setUp();
    writeProblems(join(made.workspace, 'problems.jsonl'), [
      problem(0),
      { ...problem(1), prompt: [{ role: 'user', content: 'She gets 5. '.repeat(200) }] },
    ]);
    const error = await failureOf(made);
    expect(error.code).toBe('prompt.tooLong');
    expect(error.message).toMatch(/Problem p1 has a prompt of \d+ tokens.*context of 512/);
  });

  it('have answers that the verifier does not know are refused with an example', async () => {
    const made = setUp();
    writeProblems(
      join(made.workspace, 'problems.jsonl'),
      tinyProblems.map((entry) => ({ ...entry, answer: 'a few' })),
    );
    const error = await failureOf(made);
    expect(error.code).toBe('verifier.unfit');
    expect(error.message).toMatch(/"numeric".*4 of 4 problems.*"a few" of p0/);
  });
});

describe('a run lives with', () => {
  it('answers that never end', async () => {
    const made = setUp({ sampling: { maxTokens: 2 } });
    const outcome = await trainTiny(made);
    expect(outcome).toMatchObject({ reason: 'finished', step: 2, updates: 0 });
    const { updates, failures } = traceOf(made.workspace);
    for (const { metrics } of updates) {
      expect(metrics).toMatchObject({ truncated: 1, reward: 0, groupsAllWrong: 2, groupsZeroSignal: 2, refinementsJoined: 0, completionTokens: 2 });
      expect(metrics['refinementsTruncated']).toBe(metrics['critiques']);
    }
    expect(failures.map(({ causes }) => causes)).toEqual(tinyProblems.map(() => ({ truncated: 1 })));
  });

  it('a critic that throws', async () => {
    const made = setUp();
    const critic = { ...verdict, name: 'broken', write: () => Promise.reject(new Error('no answer from the judge')) };
    await expect(trainTiny({ ...made, critic })).resolves.toMatchObject({ reason: 'finished', step: 2 });
    const notices = recorded(made.workspace, allEvents).flatMap(({ body }) => (body.type === 'noticeRaised' ? [body] : []));
    expect(notices.map(({ code, step }) => [code, step])).toEqual([
      ['critic.failed', 1],
      ['critic.failed', 2],
    ]);
    expect(notices[0]?.message).toMatch(/"broken".*no answer from the judge/);
    expect(traceOf(made.workspace).updates.map(({ metrics }) => metrics['critiques'])).toEqual([0, 0]);
  });
});

describe('a workspace that', () => {
  it('another process writes is refused', async () => {
    const made = setUp();
    const store = openStore(made.workspace);
    onTestFinished(() => store.close());
    const error = await failureOf(made);
    expect(error.code).toBe('store.locked');
    expect(error.message).toContain(made.workspace);
    expect(error.message).toContain(String(process.pid));
  });

  it('cannot be written is refused', async () => {
    const workspace = temporaryFolder();
    if (!mountMemory(workspace, 'size=1m')) return;
    const writable = setUp();
    openStore(writable.workspace).close();
    cpSync(writable.workspace, workspace, { recursive: true });
    const made = setUp({}, workspace);
    expect(spawnSync('mount', ['-o', 'remount,ro', workspace]).status).toBe(0);
    const error = await failureOf(made);
    expect(error.code).toBe('store.readOnly');
    expect(error.message).toContain(workspace);
  });

  it('is full stops the run, which goes on once there is room', async () => {
    const workspace = temporaryFolder();
    if (!mountMemory(workspace, 'size=3m')) return;
    const more = { training: { steps: 4 } };
    const made = setUp(more, workspace);
    const filler = join(workspace, 'filler');
    let free = 3;
    const error = await failureOf({
      ...made,
      observer: {
        // With the second checkpoint written, all that is left is taken.
        onEvent: ({ body }) => {
          if (body.type === 'checkpointSaved' && body.step === 2) while (free > 1e-4) free = fill(filler, free);
        },
      },
    });
    expect(error.code).toBe('store.diskFull');
    expect(error.message).toContain(workspace);
    rmSync(filler);
    expect(Object.keys(lastCheckpoint(workspace))).toContain('manifest.json');
    await expect(trainTiny(made)).resolves.toMatchObject({ reason: 'finished', step: 4 });
    const unbroken = setUp(more);
    await trainTiny(unbroken);
    expect(traceOf(workspace)).toEqual({ ...traceOf(unbroken.workspace) });
  });

  it('holds the checkpoint of another model is refused', async () => {
    const made = setUp();
    await trainTiny(made);
    const path = copyOfModel();
    editConfig(path, { rope_theta: 5000 });
    const error = await failureOf({ ...made, config: { ...made.config, model: { path }, training: { ...made.config.training, steps: 3 } } });
    expect(error.code).toBe('checkpoint.foreign');
    expect(error.message).toContain(join(runFolder(made.workspace, runId), 'checkpoints', 'step-000002'));
  });
});

describe('weights that blow up', () => {
  it('end the run as failed; the last good checkpoint is there to go on from', async () => {
    const made = setUp();
    await trainTiny(made);
    const before = lastCheckpoint(made.workspace);
    const wild = {
      ...made.config,
      optimizer: { learningRate: 1e30, gradientClip: null },
      training: { steps: 6, problemsPerStep: 4 },
      checkpoint: { every: 6, keep: 10 },
    };
    const error = await failureOf({ ...made, config: wild });
    expect(error.code).toBe('engine.notFinite');
    expect(recorded(made.workspace, (store) => store.run(runId)?.state)).toBe('failed');
    expect(told(recorded(made.workspace, allEvents)).at(-1)).toMatch(/^runStopped \d failed$/);
    expect(lastCheckpoint(made.workspace)).toEqual(before);
  });
});

/** A file system in memory over a folder, until the test ends; false where this user may not mount one. */
function mountMemory(at: string, options: string): boolean {
  mkdirSync(at, { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at]).status !== 0) return false;
  onTestFinished(() => void spawnSync('umount', ['-l', at]));
  return true;
}

/** Appends as many megabytes as fit; returns the next, smaller amount to try when they do not. */
function fill(path: string, megabytes: number): number {
  try {
    writeFileSync(path, Buffer.alloc(Math.ceil(megabytes * 2 ** 20)), { flag: 'a' });
    return megabytes;
  } catch {
    return megabytes / 2;
  }
}
