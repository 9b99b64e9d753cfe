/** The whole loop over the wire: Critique-GRPO trains on a Tinker server, goes on after every kind of interruption, and refuses what it cannot honor. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runConfigSchema, type RunConfig, type RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { openStore } from '../../backend/store/openStore.ts';
import type { Store } from '../../backend/store/store.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { openRun } from '../../backend/training/openRun.ts';
import { closePolicy } from '../../backend/training/policy.ts';
import type { RunObserver, RunOutcome } from '../../backend/training/run.ts';
import { train } from '../../backend/training/trainer.ts';
import { told, writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { TinkerServer } from '../support/tinkerServer.ts';
import { allEvents, atPhase, runId, tinyConfig } from './tinyRun.ts';

const folder = temporaryFolderOfFile();
let model = '';
beforeAll(async () => {
  model = await makeTinyModel(folder);
});

async function setUp(changes: Partial<RunConfigInput> = {}): Promise<{ server: TinkerServer; workspace: string; config: RunConfig }> {
  const server = await TinkerServer.start({ model, scale: 'mean', polls: 0 });
  onTestFinished(() => server.close());
  const workspace = temporaryFolder();
  const tiny = tinyConfig(model, writeProblems(join(workspace, 'problems.jsonl'), tinyProblems));
  const config = runConfigSchema.parse({
    ...tiny,
    evaluation: { every: 2, samples: 1, finalSamples: 1, failureAttempts: 1 },
    checkpoint: { every: 20, keep: 1 },
    training: { steps: 3, problemsPerStep: 2 },
    engine: { tinker: { baseUrl: server.url, model: 'tiny', loraRank: 8 } },
    ...changes,
    optimizer: { learningRate: 5e-3, gradientClip: null, ...changes.optimizer },
    switches: { ...tiny.switches, ...changes.switches },
  });
  return { server, workspace, config };
}

interface Remotely {
  readonly workspace: string;
  readonly config: RunConfig;
  readonly observer?: RunObserver;
  readonly signal?: AbortSignal;
  readonly around?: (store: Store) => Store;
}

/** Opens the run as the product does, or goes on with it, and trains. */
async function trainRemotely({ workspace, config, observer = {}, signal, around = (store) => store }: Remotely): Promise<RunOutcome> {
  const store = openStore(workspace);
  try {
    if (store.run(runId) === null) store.createRun({ id: runId, name: runId, algorithm: config.algorithm, seed: config.seed, config });
    const run = await openRun({
      id: runId,
      config,
      store,
      folder: runFolder(workspace, runId),
      entries: { engine: '/nowhere/engine.js', grader: '/nowhere/grader.js' },
      demoFolder: '',
      threads: 1,
      observer,
      signal: signal ?? new AbortController().signal,
    });
    try {
      return await train({ ...run, store: around(store) });
    } finally {
      await closePolicy(run);
    }
  } finally {
    store.close();
  }
}

function reading<T>(workspace: string, read: (store: Store) => T): T {
  const store = openStore(workspace, { readOnly: true });
  try {
    return read(store as Store);
  } finally {
    store.close();
  }
}

function checkpointPath(workspace: string, step: number): string {
  const path = join(runFolder(workspace, runId), 'checkpoints', `step-${String(step).padStart(6, '0')}`, 'tinker.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { path: string }).path : '';
}

describe('a run on a Tinker server', () => {
  it('learns from answers, critiques and refinements, on models that live there', async () => {
    const { server, workspace, config } = await setUp({ switches: { klCoefficient: 0.01, trigger: 'always' } });
    const outcome = await trainRemotely({ workspace, config });
    expect(outcome).toMatchObject({ reason: 'finished', step: 3 });
    const updates = reading(workspace, (store) => store.updates(runId));
    expect(updates.map(({ step, policyVersion }) => [step, policyVersion])).toEqual([1, 2, 3].map((step) => [step, step]));
    for (const { loss, gradientNorm, metrics } of updates) {
      expect(Number.isFinite(loss)).toBe(true);
      expect(gradientNorm).toBeGreaterThan(0);
      // The gap between the two contexts of a refinement, and the distance from the untrained adapter, are measured there.
      expect(metrics['conditionGap']).toBeDefined();
      expect(metrics['klToReference']).toBeDefined();
    }
    expect(updates[0]?.metrics['klToReference']).toBeCloseTo(0, 6);
    expect(updates[2]?.metrics['klToReference']).toBeGreaterThan(0);
    // The first update of a step is on-policy.
    expect(updates[0]?.metrics['rolloutRatio'] ?? 1).toBeCloseTo(1, 4);
    expect(readdirSync(join(runFolder(workspace, runId), 'checkpoints'))).toEqual(['step-000003']);
    expect(checkpointPath(workspace, 3)).toMatch(/^tinker:\/\/model_\d+\/weights\/v3-/);
    expect(server.loadedModels).toBe(0);
  });

  it('goes on from the server’s checkpoint after it was stopped, in another session', async () => {
    const { server, workspace, config } = await setUp();
    const controller = new AbortController();
    const observer = atPhase(2, 'sample', () => controller.abort());
    expect(await trainRemotely({ workspace, config, observer, signal: controller.signal })).toMatchObject({ reason: 'interrupted', step: 1 });
    const kept = checkpointPath(workspace, 1);
    await server.forget();
    expect(await trainRemotely({ workspace, config })).toMatchObject({ reason: 'finished', step: 3 });
    expect(server.bodies.filter(({ path }) => path === 'load_weights').map(({ body }) => body['path'])).toEqual([kept]);
    expect(told(reading(workspace, (store) => [...allEvents(store)])).filter((text) => text.startsWith('runStarted'))).toEqual([
      'runStarted anew',
      'runStarted 1',
    ]);
  });

  it('never makes a recorded step again: weights whose step was not recorded are dropped', async () => {
    const { server, workspace, config } = await setUp();
    // As if the machine went down between the server's checkpoint and the record of the step.
    const around = (store: Store): Store =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (name === 'record') {
            return (batch: Parameters<Store['record']>[0]) => {
              if (batch.updates?.some(({ step }) => step === 2) === true) throw new Error('power cut');
              return target.record(batch);
            };
          }
          return typeof value === 'function' ? (value as (...all: unknown[]) => unknown).bind(target) : value;
        },
      });
    await expect(trainRemotely({ workspace, config, around })).rejects.toThrow('power cut');
    const orphan = checkpointPath(workspace, 2);
    expect(orphan).not.toBe('');
    const kept = checkpointPath(workspace, 1);
    await server.forget();
    // It answers otherwise now: no server promises to repeat itself.
    expect(await trainRemotely({ workspace, config: { ...config, seed: config.seed + 1 } })).toMatchObject({ reason: 'finished', step: 3 });
    expect(server.bodies.filter(({ path }) => path === 'load_weights').map(({ body }) => body['path'])).toEqual([kept]);
    expect(reading(workspace, (store) => store.updates(runId)).map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  it('goes on by itself when the server was started anew in the middle of a step', async () => {
    const { server, workspace, config } = await setUp();
    const observer = atPhase(2, 'update', () => void server.forget());
    expect(await trainRemotely({ workspace, config, observer })).toMatchObject({ reason: 'finished', step: 3 });
    const notices = told(reading(workspace, (store) => [...allEvents(store)])).filter((text) => text.startsWith('noticeRaised'));
    expect(notices).toEqual(['noticeRaised 1 engine.restarted']);
  });

  it('ends with a sentence when the server has lost its checkpoint', async () => {
    const { server, workspace, config } = await setUp();
    const observer = atPhase(2, 'update', () => void server.forget({ checkpoints: true }));
    await expect(trainRemotely({ workspace, config, observer })).rejects.toMatchObject({ code: 'checkpoint.lost' });
  });
});

describe('what a Tinker server cannot honor', () => {
  const cases: readonly [string, Partial<RunConfigInput>, string, RegExp][] = [
    ['an entropy bonus', { switches: { entropyCoefficient: 0.001 } }, 'engine.notRemote', /entropy bonus.*entropyCoefficient/],
    [
      'an entropy bonus of a second phase',
      { algorithm: 'grpo-then-sft', switches: { entropyCoefficient: 0.001 } },
      'engine.notRemote',
      /entropy bonus/,
    ],
    ['our own clip of the gradient', { optimizer: { gradientClip: 1 } }, 'engine.notRemote', /optimizer\.gradientClip to null/],
    ['an adapter of this machine', { model: { path: '', lora: { rank: 8 } } }, 'config.invalid', /model\.lora.*engine\.tinker\.loraRank/],
  ];

  it.each(cases)('is refused before the server hears of the run: %s', async (_, changes, code, message) => {
    const { server, workspace, config } = await setUp(changes);
    await expect(trainRemotely({ workspace, config })).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(server.calls).toEqual([]);
  });

  it('is a KL and a sparing decay where all weights are trained', async () => {
    const { server, workspace, config } = await setUp({ switches: { klCoefficient: 0.01 }, optimizer: { weightDecay: 0.1 } });
    const whole = {
      ...config,
      engine: { ...config.engine, tinker: { ...(config.engine.tinker as NonNullable<typeof config.engine.tinker>), loraRank: 0 } },
    };
    await expect(trainRemotely({ workspace, config: whole })).rejects.toThrow(
      /KL to the reference.*weight decay.*klCoefficient to 0.*weightDecay to 0/,
    );
    expect(server.calls).toEqual([]);
  });
});
