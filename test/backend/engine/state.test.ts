/** A checkpoint is everything: what goes on from it goes on bit for bit. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine, OptimStepRequest } from '../../../backend/engine/contract.ts';
import type { LocalEngineOptions } from '../../../backend/engine/local/messages.ts';
import { engineOptions, goldenLoss, largestDifference, readGolden, trainSequences, withEngine, withFolder } from './goldenEngines.ts';

const update: OptimStepRequest = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1 };
const sequences = trainSequences(readGolden('qwen2-tied'));
const lora = { rank: 4, alpha: 8, targets: ['q_proj', 'k_proj', 'down_proj'] };

async function makeUpdates(engine: Engine, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await engine.forwardBackward(sequences, goldenLoss(i % 2 === 0));
    await engine.optimStep(update);
  }
}

/** All that a checkpoint holds, as bytes by file. */
async function stateOf(engine: Engine, files: readonly string[]): Promise<Record<string, string>> {
  return withFolder(async (folder) => {
    await engine.saveState(folder);
    return Object.fromEntries(await Promise.all(files.map(async (file) => [file, (await readFile(join(folder, file))).toString('base64')] as const)));
  });
}

describe.each([
  { name: 'all weights', changes: {}, weights: 'model.safetensors' },
  { name: 'an adapter', changes: { lora, adapterSeed: 5 }, weights: 'adapter_model.safetensors' },
])('training $name', ({ changes, weights }) => {
  const options: LocalEngineOptions = engineOptions('qwen2-tied', { ...changes, keepReference: true });
  const files = [weights, 'optimizer.safetensors', 'engine.json'];

  it('goes on from a checkpoint bit for bit', () =>
    withFolder(async (checkpoint) => {
      const uninterrupted = await withEngine(options, async (engine) => {
        await makeUpdates(engine, 4);
        await engine.saveState(checkpoint);
        await makeUpdates(engine, 4);
        return stateOf(engine, files);
      });
      await withEngine(options, async (engine) => {
        // What was there before the checkpoint was loaded must leave no trace, a half accumulated gradient included.
        await makeUpdates(engine, 1);
        await engine.forwardBackward(sequences, goldenLoss(false));
        await engine.loadState(checkpoint);
        expect((await engine.describe()).policyVersion).toBe(4);
        await makeUpdates(engine, 4);
        expect(await stateOf(engine, files)).toEqual(uninterrupted);
      });
    }));

  it('leaves the reference as it was opened', () =>
    withEngine(options, async (engine) => {
      const before = await engine.forward(sequences);
      await makeUpdates(engine, 3);
      expect(await engine.forward(sequences, { weights: 'reference' })).toEqual(before);
      const after = await engine.forward(sequences);
      expect(largestDifference(after.logprobs[0] as Float32Array, before.logprobs[0] as Float32Array)).toBeGreaterThan(1e-3);
      const sampling = {
        prompts: [[1, 2, 3]],
        seeds: [[1]],
        maxTokens: 5,
        temperature: 1,
        topK: 0,
        topP: 1,
        stopTokens: [],
        weights: 'reference',
      } as const;
      expect((await engine.sample(sampling)).tokensSampled).toBe(5);
    }));
});

it('names the update that a resumed run makes next', () =>
  withEngine(engineOptions('qwen2-tied'), async (engine) => {
    await makeUpdates(engine, 1);
    await engine.forwardBackward(sequences, goldenLoss(true));
    expect((await engine.optimStep(update)).policyVersion).toBe(2);
  }));

describe('a checkpoint that does not fit', () => {
  const load = (options: LocalEngineOptions, folder: string) => withEngine(options, (engine) => engine.loadState(folder));

  it.each([
    {
      made: engineOptions('qwen2-tied'),
      loaded: engineOptions('qwen3'),
      code: 'checkpoint.otherModel',
      says: /layers\.0\.qkv\.weight|qNorm|inputNorm/,
    },
    { made: engineOptions('qwen2-tied'), loaded: engineOptions('qwen2-tied', { lora }), code: 'checkpoint.otherModel', says: /loraA/ },
    { made: engineOptions('qwen2-tied', { lora }), loaded: engineOptions('qwen2-tied'), code: 'checkpoint.otherModel', says: /embedding/ },
    {
      made: engineOptions('qwen2-tied', { lora }),
      loaded: engineOptions('qwen2-tied', { lora: { ...lora, rank: 2 } }),
      code: 'checkpoint.otherModel',
      says: /\[2, 32\]/,
    },
  ])('is refused with $code', ({ made, loaded, code, says }) =>
    withFolder(async (folder) => {
      await withEngine(made, (engine) => engine.saveState(folder));
      await expect(load(loaded, folder)).rejects.toMatchObject({ code, message: expect.stringMatching(says) as string });
    }),
  );

  it.each([
    { harm: (folder: string) => writeFile(join(folder, 'engine.json'), '{"policyVersion": "4"}'), code: 'checkpoint.damaged' },
    { harm: (folder: string) => writeFile(join(folder, 'engine.json'), '{"pol'), code: 'checkpoint.damaged' },
    { harm: (folder: string) => rm(join(folder, 'engine.json')), code: 'checkpoint.damaged' },
    { harm: (folder: string) => rm(join(folder, 'optimizer.safetensors')), code: 'safetensors.notFound' },
    {
      harm: async (folder: string) =>
        writeFile(join(folder, 'optimizer.safetensors'), (await readFile(join(folder, 'optimizer.safetensors'))).subarray(0, 5000)),
      code: 'safetensors.damaged',
    },
    { harm: (folder: string) => rm(join(folder, 'model.safetensors')), code: 'model.noWeights' },
  ])('is refused with $code ($#), and nothing is changed', ({ harm, code }) =>
    withFolder(async (folder) => {
      await withEngine(engineOptions('qwen2-tied'), async (engine) => {
        await makeUpdates(engine, 1);
        await engine.saveState(folder);
      });
      await harm(folder);
      await withEngine(engineOptions('qwen2-tied'), async (engine) => {
        const before = await stateOf(engine, ['model.safetensors', 'optimizer.safetensors', 'engine.json']);
        await expect(engine.loadState(folder)).rejects.toMatchObject({ code });
        expect(await stateOf(engine, ['model.safetensors', 'optimizer.safetensors', 'engine.json'])).toEqual(before);
      });
    }),
  );
});
