/** Sizes and starting values of models. */
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../backend/graph/ir.ts';
import { estimateTrainingBytes, parameterCount, type TrainingShape } from '../../../backend/models/estimate.ts';
import { families } from '../../../backend/models/families/index.ts';
import type { ModelConfig } from '../../../backend/models/config.ts';
import { readModelConfig } from '../../../backend/models/folder.ts';
import { initializeParameters } from '../../../backend/models/initialize.ts';
import { parameterSpecs } from '../../../backend/models/parameters.ts';
import { openWeights } from '../../../backend/models/weightFiles.ts';
import { goldenFolder, goldenNames } from './folders.ts';

const config = families['qwen2']?.parse({
  model_type: 'qwen2',
  vocab_size: 400,
  hidden_size: 128,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 256,
}) as ModelConfig;

describe('starting values', () => {
  const parameters = initializeParameters(config, 7);
  const deviation = (name: string): number => {
    const values = parameters.get(name) as Float32Array;
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };

  it('fill every parameter', () => {
    expect([...parameters].map(([name, values]) => [name, values.length])).toEqual(
      parameterSpecs(config).map(({ name, shape }) => [name, sizeOf(shape)]),
    );
  });

  it.each([
    { name: 'embedding', expected: 0.05 },
    { name: 'head', expected: 0.05 },
    { name: 'layers.0.qkv.weight', expected: 0.6 / Math.sqrt(128) },
    { name: 'layers.1.gate.weight', expected: 0.6 / Math.sqrt(128) },
    { name: 'layers.2.output.weight', expected: 0.6 / Math.sqrt(128 * 8) },
    { name: 'layers.3.down.weight', expected: 0.6 / Math.sqrt(256 * 8) },
  ])('of $name deviate by $expected', ({ name, expected }) => expect(deviation(name) / expected).toBeCloseTo(1, 1));

  it('of norms are one, of biases zero', () => {
    for (const name of ['finalNorm', 'layers.0.inputNorm', 'layers.3.postNorm']) expect(new Set(parameters.get(name))).toEqual(new Set([1]));
    expect(new Set(parameters.get('layers.2.qkv.bias'))).toEqual(new Set([0]));
  });

  it('follow from the seed, and differ between layers', () => {
    const bits = (values: Float32Array | undefined): string => Buffer.from(values?.buffer as ArrayBuffer).toString('base64');
    for (const [name, values] of initializeParameters(config, 7)) expect(bits(values)).toBe(bits(parameters.get(name)));
    expect(bits(initializeParameters(config, 8).get('embedding'))).not.toBe(bits(parameters.get('embedding')));
    expect(bits(parameters.get('layers.0.qkv.weight'))).not.toBe(bits(parameters.get('layers.1.qkv.weight')));
  });
});

describe('the count of parameters', () => {
  it.each(goldenNames)('of %s is that of its weight files', async (name) => {
    const weights = await openWeights(goldenFolder(name));
    const stored = [...weights.where].reduce((sum, [tensor, file]) => sum + sizeOf(file.tensors.get(tensor)?.shape ?? []), 0);
    await weights.close();
    expect(parameterCount((await readModelConfig(goldenFolder(name))).config)).toBe(stored);
  });

  it('of Qwen2.5-0.5B is the published one', () => {
    const published = {
      vocab_size: 151936,
      hidden_size: 896,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      intermediate_size: 4864,
      tie_word_embeddings: true,
    };
    expect(parameterCount(families['qwen2']?.parse({ model_type: 'qwen2', ...published }) as ModelConfig)).toBe(494_032_768);
  });
});

describe('the memory estimate', () => {
  const shape: TrainingShape = { batch: 16, length: 128, nTargets: 1024, layerCheckpointing: false };
  const lora = { rank: 4, alpha: 8, targets: ['q_proj'] };
  const plain = estimateTrainingBytes(config, {}, shape);

  it('holds weights, gradients and moments at the least', () => expect(plain).toBeGreaterThan(4 * 5 * parameterCount(config)));

  it.each([
    { what: 'a longer batch', other: estimateTrainingBytes(config, {}, { ...shape, length: 256 }), sign: 1 },
    { what: 'more targets', other: estimateTrainingBytes(config, {}, { ...shape, nTargets: 2048 }), sign: 1 },
    { what: 'recomputed layers', other: estimateTrainingBytes(config, {}, { ...shape, layerCheckpointing: true }), sign: -1 },
    { what: 'an adapter', other: estimateTrainingBytes(config, { lora }, shape), sign: -1 },
  ])('changes the right way with $what', ({ other, sign }) => expect(Math.sign(other - plain)).toBe(sign));
});
