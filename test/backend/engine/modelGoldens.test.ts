/** The engine against PyTorch, through its contract alone: distributions, logprobs, entropies, losses and gradients of every golden model. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../backend/engine/contract.ts';
import type { LocalEngineOptions } from '../../../backend/engine/local/messages.ts';
import { sizeOf } from '../../../backend/graph/ir.ts';
import { readModelConfig } from '../../../backend/models/folder.ts';
import { adapterSpecs } from '../../../backend/models/lora.ts';
import type { LoraSpec } from '../../../backend/models/parameters.ts';
import { SafetensorsFile, writeSafetensors } from '../../../backend/models/safetensors.ts';
import {
  distributions,
  engineOptions,
  goldenLoss,
  gradientsOf,
  largestDifference,
  modelFolder,
  readGolden,
  relativeDifference,
  trainSequences,
  withEngine,
  withFolder,
  type Golden,
} from './goldenEngines.ts';

const tolerance = 3e-5;
const gradientTolerance = 1e-4;
const models = readdirSync(modelFolder('')).filter((name) => existsSync(join(modelFolder(name), 'config.json')));

function logSoftmax(logits: readonly number[]): number[] {
  const largest = Math.max(...logits);
  const normalizer = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - normalizer);
}

async function expectGoldenDistributions(engine: Engine, golden: Golden): Promise<void> {
  for (const { tokens, logits } of golden.sequences) {
    const computed = await distributions(engine, tokens, (logits[0] as number[]).length);
    computed.forEach((row, time) => expect(largestDifference(row, logSoftmax(logits[time] as number[])), `position ${time}`).toBeLessThan(tolerance));
  }
}

async function expectGoldenStatistics(engine: Engine, golden: Golden): Promise<void> {
  const { logprobs, entropies } = await engine.forward(trainSequences(golden));
  golden.sequences.forEach((sequence, i) => {
    expect(largestDifference(logprobs[i] as Float32Array, sequence.logprobs)).toBeLessThan(tolerance);
    expect(largestDifference(entropies[i] as Float32Array, sequence.entropies)).toBeLessThan(tolerance);
  });
}

async function goldenGradients(name: string, loss: string): Promise<Map<string, Float32Array>> {
  const file = await SafetensorsFile.open(join(modelFolder(name), 'gradients.safetensors'));
  const gradients = new Map<string, Float32Array>();
  for (const tensor of file.tensors.keys()) if (tensor.startsWith(`${loss}/`)) gradients.set(tensor.slice(loss.length + 1), await file.read(tensor));
  await file.close();
  return gradients;
}

async function expectGoldenGradients(engine: Engine, name: string, golden: Golden, options: LocalEngineOptions): Promise<void> {
  for (const [loss, withEntropies] of [
    ['logprob', false],
    ['withEntropy', true],
  ] as const) {
    const result = await engine.forwardBackward(trainSequences(golden), goldenLoss(withEntropies));
    expect(Math.abs(result.loss - golden.losses[loss])).toBeLessThan(1e-4);
    expect(relativeDifference(await gradientsOf(engine, options), await goldenGradients(name, loss)), loss).toBeLessThan(gradientTolerance);
  }
}

describe.each(models)('%s', (name) => {
  const golden = readGolden(name);

  it('gives the distributions, logprobs and entropies of PyTorch', () =>
    withEngine(engineOptions(name, { microBatchTokens: 2048 }), async (engine) => {
      await expectGoldenDistributions(engine, golden);
      await expectGoldenStatistics(engine, golden);
    }));

  it('reads the words of older configurations alike', () =>
    withFolder(async (folder) => {
      for (const file of readdirSync(modelFolder(name)))
        if (file.includes('.safetensors')) await copyFile(join(modelFolder(name), file), join(folder, file));
      await copyFile(join(modelFolder(name), 'config.legacy.json'), join(folder, 'config.json'));
      await withEngine(engineOptions(folder), (engine) => expectGoldenStatistics(engine, golden));
    }));

  it('gives the logprobs and entropies of PyTorch one layer and three rows of logits at a time', () =>
    withEngine(engineOptions(name, { layerwise: true, logitsBytes: 1000 }), (engine) => expectGoldenStatistics(engine, golden)));
});

/** The folders in other dtypes and in shards have no gradients: they are there for the loader. */
const trained = models.filter((name) => existsSync(join(modelFolder(name), 'gradients.safetensors')));

describe.each(trained)('gradients of %s', (name) => {
  it.each([{}, { layerwise: true }, { layerwise: true, logitsBytes: 1000 }])('are those of PyTorch, %o', (changes) => {
    const options = engineOptions(name, changes);
    return withEngine(options, (engine) => expectGoldenGradients(engine, name, readGolden(name), options));
  });
});

describe('qwen2-lora', () => {
  const golden = readGolden('qwen2-lora');

  /** A checkpoint that holds PEFT's adapter and an optimizer that has made no update. */
  async function adapterCheckpoint(folder: string): Promise<LoraSpec> {
    const source = modelFolder('qwen2-lora');
    const peft = JSON.parse(await readFile(join(source, 'adapter_config.json'), 'utf8')) as {
      r: number;
      lora_alpha: number;
      target_modules: string[];
    };
    const lora = { rank: peft.r, alpha: peft.lora_alpha, targets: peft.target_modules };
    for (const file of ['adapter_config.json', 'adapter_model.safetensors']) await copyFile(join(source, file), join(folder, file));
    const { config } = await readModelConfig(modelFolder('qwen2-tied'));
    const moments = adapterSpecs(config, lora).flatMap(({ name, shape }) =>
      ['first', 'second'].map((kind) => ({ name: `${kind}:${name}`, shape, values: new Float32Array(sizeOf(shape)) })),
    );
    await writeSafetensors(join(folder, 'optimizer.safetensors'), moments, 'F32');
    await writeFile(join(folder, 'engine.json'), JSON.stringify({ policyVersion: 0 }));
    return lora;
  }

  it('gives the distributions and gradients of PEFT, and so do the merged weights', () =>
    withFolder(async (checkpoint) => {
      const options = engineOptions('qwen2-tied', { lora: await adapterCheckpoint(checkpoint), microBatchTokens: 2048 });
      await withFolder(async (merged) => {
        await withEngine(options, async (engine) => {
          await engine.loadState(checkpoint);
          await expectGoldenDistributions(engine, golden);
          await expectGoldenStatistics(engine, golden);
          await expectGoldenGradients(engine, 'qwen2-lora', golden, options);
          await engine.exportWeights(merged, 'merged');
        });
        await withEngine(engineOptions(merged, { microBatchTokens: 2048 }), async (engine) => {
          await expectGoldenDistributions(engine, golden);
          await expectGoldenStatistics(engine, golden);
        });
      });
    }));

  it('exports an adapter that PEFT would write alike', () =>
    withFolder(async (checkpoint) => {
      const lora = await adapterCheckpoint(checkpoint);
      await withFolder(async (exported) => {
        await withEngine(engineOptions('qwen2-tied', { lora }), async (engine) => {
          await engine.loadState(checkpoint);
          await engine.exportWeights(exported, 'adapter');
        });
        const open = (folder: string) => SafetensorsFile.open(join(folder, 'adapter_model.safetensors'));
        const ours = await open(exported);
        const theirs = await open(modelFolder('qwen2-lora'));
        expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
        for (const name of theirs.tensors.keys()) expect(await ours.read(name)).toEqual(await theirs.read(name));
        await ours.close();
        await theirs.close();
      });
    }));

  it('starts a new adapter as the base model', () =>
    withEngine(engineOptions('qwen2-tied', { lora: { rank: 4, alpha: 8, targets: ['q_proj', 'down_proj'] }, adapterSeed: 3 }), (engine) =>
      expectGoldenStatistics(engine, readGolden('qwen2-tied')),
    ));
});
