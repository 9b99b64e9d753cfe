/** Reading config.json: what families assume, what is refused, and that older and newer words mean the same. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '../../../backend/models/families/index.ts';
import { readModelConfig } from '../../../backend/models/folder.ts';
import { goldenFolder, goldenNames, readJsonFile, withFolder, type Json } from './folders.ts';

const smallest: Json = { vocab_size: 10, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 8 };

function parse(family: string, changes: Json = {}) {
  return families[family]?.parse({ model_type: family, ...smallest, ...changes });
}

it.each(goldenNames)('%s: words of transformers 4 and 5 mean the same', async (name) => {
  const { config } = await readModelConfig(goldenFolder(name));
  const legacy = await readJsonFile(join(goldenFolder(name), 'config.legacy.json'));
  expect(families[config.modelType]?.parse(legacy)).toEqual(config);
});

it.each([
  { family: 'qwen2', json: {}, means: { qkvBias: true, outputBias: false, mlpBias: false, qkNorm: false, headDim: 16, nKvHeads: 4 } },
  { family: 'qwen2', json: { attention_bias: false }, means: { qkvBias: true, maxPositions: 32_768 } },
  { family: 'qwen3', json: {}, means: { qkvBias: false, outputBias: false, mlpBias: false, qkNorm: true, headDim: 128, maxPositions: 32_768 } },
  { family: 'qwen3', json: { attention_bias: true, head_dim: 32 }, means: { qkvBias: true, outputBias: true, headDim: 32 } },
  { family: 'llama', json: {}, means: { qkvBias: false, outputBias: false, mlpBias: false, qkNorm: false } },
  { family: 'llama', json: { attention_bias: true }, means: { qkvBias: true, outputBias: true, mlpBias: false } },
  { family: 'llama', json: { mlp_bias: true, num_key_value_heads: 1 }, means: { qkvBias: false, mlpBias: true, nKvHeads: 1 } },
  {
    family: 'llama',
    json: { head_dim: null, num_key_value_heads: null, rope_scaling: null },
    means: { headDim: 16, nKvHeads: 4, rope: { theta: 10_000, scaling: null } },
  },
  { family: 'llama', json: {}, means: { tiedEmbeddings: false, rmsNormEpsilon: 1e-6, maxPositions: 2048 } },
  { family: 'llama', json: { tie_word_embeddings: true, rope_theta: 5e5 }, means: { tiedEmbeddings: true, rope: { theta: 5e5, scaling: null } } },
  { family: 'qwen2', json: { use_sliding_window: true, max_window_layers: 2 }, means: { nLayers: 2 } },
  {
    family: 'llama',
    json: { max_position_embeddings: 64, rope_scaling: { type: 'dynamic', factor: 2, original_max_position_embeddings: 16 } },
    means: { rope: { theta: 10_000, scaling: { type: 'dynamic', factor: 2, originalMaxPositions: 64 } } },
  },
  {
    family: 'qwen2',
    json: { max_position_embeddings: 64, rope_scaling: { type: 'yarn', factor: 4 } },
    means: { rope: { scaling: { type: 'yarn', factor: 4, originalMaxPositions: 64 } } },
  },
  {
    family: 'qwen2',
    json: { original_max_position_embeddings: 8, rope_scaling: { type: 'yarn', factor: 4, original_max_position_embeddings: 16 } },
    means: { rope: { scaling: { originalMaxPositions: 8 } } },
  },
])('$family with $json means $means', ({ family, json, means }) => expect(parse(family, json)).toMatchObject(means));

describe('refused', () => {
  it.each<{ json: Json; says: RegExp; code?: string }>([
    { json: { hidden_size: undefined }, says: /"hidden_size" should be a positive whole number, it is undefined/ },
    { json: { num_hidden_layers: 0 }, says: /"num_hidden_layers" .* it is 0/ },
    { json: { vocab_size: '10' }, says: /"vocab_size" .* it is "10"/ },
    { json: { num_key_value_heads: 3 }, says: /4 attention heads cannot share 3/ },
    { json: { num_attention_heads: 7, num_key_value_heads: 7 }, says: /a head of size 9\.14/ },
    { json: { head_dim: 5 }, says: /a head of size 5/ },
    { json: { rms_norm_eps: 0 }, says: /"rms_norm_eps" should be positive/ },
    { json: { rope_theta: '1e4' }, says: /"rope_theta" should be a number/ },
    { json: { rope_scaling: 'linear' }, says: /"rope_scaling" should be an object, it is "linear"/ },
    { json: { rope_scaling: { type: 'linear' } }, says: /"factor" should be a number, it is undefined/ },
    { json: { rope_scaling: { type: 'linear', factor: 0 } }, says: /"factor" should be positive/ },
    { json: { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 1 } }, says: /"high_freq_factor"/ },
    {
      json: { rope_scaling: { rope_type: 'longrope', long_factor: [1], short_factor: [1] } },
      says: /rope_type is "longrope".*Supported are default, linear, dynamic, llama3 and yarn/,
      code: 'model.unsupported',
    },
    {
      json: { rope_parameters: { rope_type: 'default', rope_theta: 1e4, partial_rotary_factor: 0.5 } },
      says: /a part of each head/,
      code: 'model.unsupported',
    },
    { json: { hidden_act: 'gelu' }, says: /hidden_act is "gelu"/, code: 'model.unsupported' },
    { json: { use_sliding_window: true, max_window_layers: 1 }, says: /sliding window/, code: 'model.unsupported' },
    { json: { layer_types: ['full_attention', 'sliding_attention'] }, says: /sliding window/, code: 'model.unsupported' },
    { json: { quantization_config: { bits: 4 } }, says: /quantized/, code: 'model.unsupported' },
  ])('$json', ({ json, says, code = 'model.config' }) => {
    expect(() => parse('qwen2', json)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(says) as string }) as Error);
  });

  it.each([
    {
      text: JSON.stringify({ ...smallest, model_type: 'mamba' }),
      code: 'model.unknownArchitecture',
      says: /type "mamba".*llama \(.*qwen2 \(.*qwen3 \(/,
    },
    { text: JSON.stringify(smallest), code: 'model.unknownArchitecture', says: /of type null/ },
    { text: JSON.stringify({ ...smallest, model_type: 'toString' }), code: 'model.unknownArchitecture', says: /toString/ },
    {
      text: JSON.stringify({ ...smallest, model_type: 'llama', hidden_act: 'gelu' }),
      code: 'model.unsupported',
      says: /config\.json: .* does not do: hidden_act is "gelu"\. Only SwiGLU models \("silu"\) are supported\.$/,
    },
    {
      text: JSON.stringify({ model_type: 'qwen3' }),
      code: 'model.config',
      says: /config\.json: .*"hidden_size" .* undefined\. Take [^.]*\.json [^.]*\.$/,
    },
    { text: '{"model_type":', code: 'model.config', says: /config\.json is no valid JSON/ },
    { text: '[1]', code: 'model.config', says: /config\.json holds no JSON object/ },
  ])('a folder with $text', ({ text, code, says }) =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'config.json'), text);
      await expect(readModelConfig(folder)).rejects.toMatchObject({ code, message: expect.stringMatching(says) as string });
    }),
  );

  it('a folder without config.json', () =>
    withFolder((folder) =>
      expect(readModelConfig(folder)).rejects.toMatchObject({ code: 'model.notFound', message: expect.stringContaining(folder) as string }),
    ));
});
