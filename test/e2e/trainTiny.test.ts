/** The loop on a real model and the real engine: every algorithm learns from what has a signal, and a run repeats itself to the last bit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { algorithms } from '../../backend/algorithms/index.ts';
import type { RunConfigInput } from '../../backend/protocol/runConfig.ts';
import { runFolder } from '../../backend/store/workspaceFolders.ts';
import { writeProblems } from '../support/scriptedRun.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../support/temporaryFolder.ts';
import { makeTinyModel, tinyProblems } from '../support/tinyModel.ts';
import { atPhase, runId, traceOf, trainTiny, tinyConfig } from './tinyRun.ts';

const folder = temporaryFolderOfFile();
let model = '';
beforeAll(async () => {
  model = await makeTinyModel(folder);
});

/** A workspace with problems, and a configuration of a run in it. */
function setUp(config: Partial<RunConfigInput> = {}, problems = tinyProblems): { workspace: string; config: RunConfigInput } {
  const workspace = temporaryFolder();
  const path = writeProblems(join(workspace, 'problems.jsonl'), problems);
  return {
    workspace,
    config: {
      ...tinyConfig(model, path),
      data: { train: path, heldOut: path },
      evaluation: { every: 2, samples: 1, finalSamples: 2, failureAttempts: 2 },
      checkpoint: { every: 1, keep: 100 },
      ...config,
      switches: { nRollouts: 4, ...config.switches },
      training: { steps: 4, problemsPerStep: 3, ...config.training },
    },
  };
}

async function trained(config: Partial<RunConfigInput> = {}) {
  const made = setUp(config);
  const outcome = await trainTiny(made);
  return { ...made, outcome, trace: traceOf(made.workspace) };
}

/** The model's weights after a step; those it began with for step 0. */
function weightsAfter(workspace: string, step: number): Buffer {
  const from = step === 0 ? model : join(runFolder(workspace, runId), 'checkpoints', `step-${String(step).padStart(6, '0')}`);
  const adapter = join(from, 'adapter_model.safetensors');
  return readFileSync(existsSync(adapter) ? adapter : join(from, 'model.safetensors'));
}

describe('training', () => {
  const variants: readonly [string, Partial<RunConfigInput>][] = [
    ...Object.keys(algorithms).map((algorithm): [string, Partial<RunConfigInput>] => [algorithm, { algorithm }]),
    [
      'critiqueGrpo, two updates a step, KL and entropy',
      { training: { updatesPerStep: 2 }, switches: { trigger: 'anyWrong', klCoefficient: 0.01, entropyCoefficient: 0.01 } },
    ],
    [
      'critiqueGrpo, with every switch of DAPO',
      { switches: { trigger: 'anyWrong', clipLow: 0.2, clipHigh: 0.28, dynamicSampling: 2, overlongBuffer: 0.5, aggregation: 'tokenMean' } },
    ],
    ['critiqueGrpo by the self critic', { critic: 'self', switches: { trigger: 'anyWrong' } }],
    ['an adapter', { model: { path: '', lora: { rank: 2 } }, training: { layerCheckpointing: true } }],
  ];

  it.each(variants)('with %s ends in finite numbers, and changes the weights exactly when something has a signal', async (_, given) => {
    const config = given.model === undefined ? given : { ...given, model: { ...given.model, path: model } };
    const { outcome, trace, workspace } = await trained({ ...config, evaluation: { every: 0, finalSamples: 1, failureAttempts: 1 } });
    expect(outcome).toMatchObject({ reason: 'finished', step: 4 });
    expect(trace.updates).toHaveLength(4);
    for (const { step, metrics, ...numbers } of trace.updates) {
      for (const [name, value] of Object.entries({ ...numbers, ...metrics }))
        if (typeof value === 'number') expect(value, name).toSatisfy(Number.isFinite);
      const isFirstOfAdapter = config.model !== undefined && step === 1;
      if (!isFirstOfAdapter) expect(weightsAfter(workspace, step).equals(weightsAfter(workspace, step - 1))).toBe(metrics['updates'] === 0);
      expect((metrics['updates'] ?? 0) > 0).toBe(numbers.tokensTrained > 0);
    }
    expect(outcome.updates).toBeGreaterThan(0);
    expect(trace.updates.at(-1)?.policyVersion).toBe(outcome.updates);
  });

  it('makes no update where nothing has a signal', async () => {
    // One rollout a group is its own baseline.
    const { outcome, workspace } = await trained({ algorithm: 'grpo', switches: { nRollouts: 1 }, training: { steps: 1 } });
    expect(outcome).toMatchObject({ updates: 0, tokensTrained: 0 });
    expect(weightsAfter(workspace, 1).equals(weightsAfter(workspace, 0))).toBe(true);
  });

  it('makes the policy better at what it is rewarded for', async () => {
    const learning = {
      training: { steps: 12 },
      switches: { nRollouts: 8 },
      optimizer: { learningRate: 5e-3 },
      evaluation: { every: 0, finalSamples: 32, failureAttempts: 1 },
      checkpoint: { every: 100 },
    };
    const outcome = await trainTiny(setUp(learning, tinyProblems.slice(0, 1)));
    expect(outcome.before?.all.passAt1).toBeLessThan(0.5);
    expect(outcome.after?.all.passAt1).toBeGreaterThan((outcome.before?.all.passAt1 ?? 1) + 0.25);
  });
});

/** A run that nothing happens to; made once. */
function unbroken(): ReturnType<typeof trained> {
  known ??= trained();
  return known;
}
let known: ReturnType<typeof trained> | undefined;

describe('a run', () => {
  it('repeats itself to the last bit, and another seed differs', async () => {
    const [first, second, other] = [await unbroken(), await trained(), await trained({ seed: 1 })];
    expect(first.trace.updates.reduce((sum, { metrics }) => sum + (metrics['updates'] ?? 0), 0)).toBeGreaterThan(1);
    expect(second.trace).toEqual(first.trace);
    expect(other.trace.weights['model.safetensors']).not.toBe(first.trace.weights['model.safetensors']);
    expect(other.trace.groups).not.toEqual(first.trace.groups);
  });

  it('stopped in the middle goes on to the identical end', async () => {
    const made = setUp();
    for (const [step, phase] of [
      [2, 'critique'],
      [3, 'sample'],
      [4, 'critique'],
    ] as const) {
      const controller = new AbortController();
      const outcome = await trainTiny({ ...made, signal: controller.signal, observer: atPhase(step, phase, () => controller.abort()) });
      expect(outcome).toMatchObject({ reason: 'interrupted', step: step - 1 });
    }
    await expect(trainTiny(made)).resolves.toMatchObject({ reason: 'finished', step: 4 });
    expect(traceOf(made.workspace)).toEqual((await unbroken()).trace);
  });
});
