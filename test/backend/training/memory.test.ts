/** What is said of a run's memory before it starts: that it grows with what it should, and what would make it fit. */
import { describe, expect, it } from 'vitest';
import { decodeRows } from '../../../backend/engine/local/keyValueCache.ts';
import { qwen2 } from '../../../backend/models/families/qwen2.ts';
import { qwen3 } from '../../../backend/models/families/qwen3.ts';
import { runConfigSchema, type RunConfig, type RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { bytesText, countText, estimateRunMemory, memoryAdvice, sequencesAtOnce, type RunMemory } from '../../../backend/training/memory.ts';
import { switchesOf } from '../../../backend/training/switches.ts';

const common = { vocab_size: 151_936, max_position_embeddings: 32_768, rms_norm_eps: 1e-6, rope_theta: 1_000_000, hidden_act: 'silu' };
const models = {
  'Qwen2.5-0.5B': qwen2.parse({
    ...common,
    tie_word_embeddings: true,
    hidden_size: 896,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
    intermediate_size: 4864,
  }),
  'Qwen2.5-1.5B': qwen2.parse({
    ...common,
    tie_word_embeddings: true,
    hidden_size: 1536,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
    intermediate_size: 8960,
  }),
  'Qwen3-8B': qwen3.parse({
    ...common,
    tie_word_embeddings: false,
    hidden_size: 4096,
    num_hidden_layers: 36,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: 12_288,
  }),
};
type Name = keyof typeof models;
const lora = { rank: 16 };

function config(changes: Partial<RunConfigInput> = {}): RunConfig {
  return runConfigSchema.parse({
    model: { path: 'm' },
    data: { train: 'd' },
    sampling: { maxTokens: 512 },
    ...changes,
    training: { microBatchTokens: 1024, ...changes.training },
  });
}

function memory(name: Name, changes: Partial<RunConfigInput> = {}): RunMemory {
  const run = config(changes);
  return estimateRunMemory(run, switchesOf(run), models[name], 128);
}

describe('the memory of a run', () => {
  it.each([
    ['Qwen2.5-0.5B', {}, 10],
    ['Qwen2.5-0.5B', { model: { path: 'm', lora } }, 4],
    ['Qwen2.5-1.5B', {}, 29],
    ['Qwen2.5-1.5B', { model: { path: 'm', lora } }, 11],
    ['Qwen2.5-1.5B', { model: { path: 'm', lora }, training: { halfWeights: true } }, 8],
  ] as const)('%s %o is at most %f GB, and nearly that', (name, changes, gigabytes) => {
    const { total } = memory(name, changes);
    expect(total).toBeLessThan(gigabytes * 1e9);
    expect(total).toBeGreaterThan(0.7 * gigabytes * 1e9);
  });

  it('of a large model holds no logits of a whole micro-batch', () => {
    const grown = memory('Qwen2.5-0.5B', { training: { microBatchTokens: 4096 } }).training - memory('Qwen2.5-0.5B').training;
    // 3072 more tokens are 1.9 GB of logits, in four copies.
    expect(grown).toBeLessThan(1.9e9);
  });

  it('of rollouts is held near that of the weights by decoding fewer rows at once', () => {
    const { decoding } = memory('Qwen2.5-0.5B', { model: { path: 'm', lora }, sampling: { maxTokens: 16_000 } });
    expect(decoding).toBeLessThan(8e9);
  });
});

describe('advice', () => {
  const advise = (name: Name, available: number, changes: Partial<RunConfigInput> = {}): string => {
    const run = config(changes);
    const totalOf = (changed: RunConfig): number => estimateRunMemory(changed, switchesOf(run), models[name], 128).total;
    return memoryAdvice(run, models[name], { available, longest: 128 + run.sampling.maxTokens, totalOf });
  };

  it.each([
    ['Qwen2.5-0.5B', 6e9, {}, /^Train an adapter \(model\.lora\): about [\d.]+ GB then\.$/],
    ['Qwen2.5-1.5B', 8e9, { model: { path: 'm', lora } }, /^Turn on training\.halfWeights: about [\d.]+ GB then\.$/],
    [
      'Qwen2.5-1.5B',
      8e9,
      {},
      /^Lower training\.micro.*, and train an adapter \(model\.lora\), and turn on training\.halfWeights: about [\d.]+ GB then\.$/,
    ],
    ['Qwen3-8B', 16e9, {}, /^Choose a model of at most about [\d.]+B parameters: this one needs [\d.]+ GB even when you .*train an adapter/],
  ] as const)('for %s in %d bytes', (name, available, changes, says) => {
    expect(advise(name, available, changes)).toMatch(says);
  });
});

describe('rows decoded at once', () => {
  const shape = models['Qwen2.5-0.5B'];
  it.each([
    ['all where their caches are small', 64, 256, 2e9, 64],
    ['fewer where they would take more than the weights', 64, 16_384, 2e9, 4],
    ['one at the least', 64, 1_000_000, 2e9, 1],
    ['as many as there are', 5, 256, 2e9, 5],
  ])('are %s', (_, most, capacity, weightBytes, rows) => expect(decodeRows(shape, most, capacity, weightBytes)).toBe(rows));

  it.each([
    [{ train: 100, heldOut: 0 }, 800],
    [{ train: 2, heldOut: 0 }, 16],
    [{ train: 2, heldOut: 50 }, 200],
  ])('come from the largest call that %o problems lead to', (problems, sequences) => {
    const run = config();
    expect(sequencesAtOnce(run, { ...switchesOf(run), nRollouts: 7 }, problems)).toBe(sequences);
  });
});

it.each([
  [999, '999', '999 B'],
  [494_032_768, '494M', '494 MB'],
  [1_543_714_304, '1.5B', '1.5 GB'],
])('%d is %s parameters or %s', (value, count, bytes) => {
  expect(countText(value)).toBe(count);
  expect(bytesText(value)).toBe(bytes);
});
