/** One layer and one block of logits at a time: the numbers of one graph, in a small part of its memory. */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import type { LossProgram, TrainSequence } from '../../../backend/engine/contract.ts';
import type { LocalEngineOptions } from '../../../backend/engine/local/messages.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Value } from '../../../backend/graph/ir.ts';
import { SafetensorsFile, writeSafetensors } from '../../../backend/models/safetensors.ts';
import { engineOptions, goldenLoss, gradientsOf, largestDifference, relativeDifference, withEngine, withFolder } from './goldenEngines.ts';

const vocabularySize = 48;
/** Blocks and layers change the order of float32 sums, nothing else. */
const tolerance = 2e-6;
const lora = { rank: 4, alpha: 8, targets: ['q_proj', 'k_proj', 'o_proj', 'gate_proj', 'down_proj'] };

const sequences: TrainSequence[] = [40, 7, 23, 33, 2, 16].map((length, i) => {
  const rng = Rng.of(i, 'sequence');
  const tokens = Int32Array.from({ length }, () => Math.floor(rng.uniform() * vocabularySize));
  const targets = Int32Array.from(Array.from({ length: length - 1 }, (_, t) => t + 1).filter((t) => t === 1 || rng.uniform() < 0.7));
  const vector = () => Float32Array.from(targets, () => rng.normal());
  return { tokens, targets, inputs: { weight: vector(), old: vector().map((value) => value - 4) } };
});

/** What losses are made of: −Σ w min(r, clip r) − Σ w entropy / 10 with r = exp(logprob − old), and a metric. */
function clippedLoss(): LossProgram {
  const g = new GraphBuilder();
  const vector = (name: string): Value => g.input(name, 'f32', [2]);
  const [logprobs, entropies, weight] = [vector('logprobs'), vector('entropies'), vector('weight')];
  const ratio = g.exp(g.sub(logprobs, vector('old')));
  const surrogate = g.mul(weight, g.min(ratio, g.clamp(ratio, 0.8, 1.2)));
  return g.finish({ loss: g.neg(g.sum(g.add(surrogate, g.mul(g.mul(weight, entropies), 0.1)))), ratioSum: g.sum(g.mul(weight, ratio)) });
}

async function train(options: LocalEngineOptions) {
  return withEngine(options, async (engine) => {
    const forward = await engine.forward(sequences);
    const result = await engine.forwardBackward(sequences, clippedLoss());
    return { forward, ...result, gradients: await gradientsOf(engine, options) };
  });
}

describe.each([
  ['qwen2-tied', {}],
  ['qwen2-untied', {}],
  ['qwen3', {}],
  ['llama-untied', {}],
  ['qwen2-tied', { lora, adapterSeed: 1 }],
  ['llama-untied', { lora, adapterSeed: 1 }],
])('%s %o', async (model, changes) => {
  const options = engineOptions(model, { microBatchTokens: 2048, layerwise: false, ...changes });
  const whole = await train(options);

  it.each([
    ['all logits at once', {}],
    ['16 rows of logits', { logitsBytes: 16 * 4 * vocabularySize }],
    ['5 rows of logits', { logitsBytes: 5 * 4 * vocabularySize, microBatchTokens: 100 }],
  ])('is trained as in one graph, with %s', async (_, blocks) => {
    const layered = await train({ ...options, layerwise: true, ...blocks });
    expect(relativeDifference(layered.gradients, whole.gradients)).toBeLessThan(tolerance);
    for (const name of ['loss', 'ratioSum']) {
      const of = ({ loss, metrics }: typeof whole): number => (name === 'loss' ? loss : (metrics[name] as number));
      expect(Math.abs(of(layered) - of(whole)) / (1 + Math.abs(of(whole)))).toBeLessThan(tolerance);
    }
    const lists = ({ forward, logprobs, entropies }: typeof whole) => [forward.logprobs, forward.entropies, logprobs, entropies].flat();
    lists(layered).forEach((numbers, i) => expect(largestDifference(numbers, lists(whole)[i] as Float32Array)).toBeLessThan(4 * tolerance));
  });
});

describe.each(['qwen2-bf16', 'llama-f16'])('%s with an adapter, its weights kept as they are stored', (model) => {
  const half = engineOptions(model, { lora, adapterSeed: 1, layerwise: true, keepReference: true, halfWeights: true });
  const prompts = [[3, 1, 4, 1, 5], [9, 2], [6]];
  const request = { prompts, seeds: [[1, 2], [3], [4, 5]], maxTokens: 12, temperature: 1, topK: 0, topP: 1, stopTokens: [] };

  /** After an update, so that adapter and reference differ. */
  const numbers = (options: LocalEngineOptions) =>
    withEngine(options, async (engine) => {
      await engine.forwardBackward(sequences, clippedLoss());
      await engine.optimStep({ learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0, gradientClip: null });
      const forward = await engine.forward(sequences);
      const reference = await engine.forward(sequences, { weights: 'reference' });
      const sampled = await engine.sample(request);
      const greedy = await engine.sample({ ...request, temperature: 0 });
      const topK = await engine.sample({ ...request, topK: 5 });
      return { forward, reference, sampled: [sampled, greedy, topK].flatMap((result) => result.sequences.flat()) };
    });

  it('has the numbers of float32', async () => {
    const [kept, wide] = [await numbers(half), await numbers({ ...half, halfWeights: false })];
    expect(kept.forward).toEqual(wide.forward);
    expect(kept.reference).toEqual(wide.reference);
    expect(kept.reference).not.toEqual(kept.forward);
    kept.sampled.forEach(({ tokens, logprobs }, i) => {
      expect(tokens).toEqual(wide.sampled[i]?.tokens);
      expect(largestDifference(logprobs, wide.sampled[i]?.logprobs as Float32Array)).toBeLessThan(4 * tolerance);
    });
  });

  it('is exported merged as from float32', async () => {
    const merged = (options: LocalEngineOptions) =>
      withFolder((folder) =>
        withEngine(options, async (engine) => {
          await engine.exportWeights(folder, 'merged');
          return readFile(join(folder, 'model.safetensors'));
        }),
      );
    expect((await merged(half)).equals(await merged({ ...half, halfWeights: false }))).toBe(true);
  });
});

it('gives bitwise the same numbers again', async () => {
  const options = engineOptions('qwen2-tied', { layerwise: true, logitsBytes: 1000 });
  expect(await train(options)).toEqual(await train(options));
});

it('names the layer in which a number stopped being finite', () =>
  withFolder(async (folder) => {
    const source = join(engineOptions('qwen2-tied').model, 'model.safetensors');
    const file = await SafetensorsFile.open(source);
    const tensors = [];
    for (const { name, shape } of file.tensors.values()) tensors.push({ name, shape, values: await file.read(name) });
    await file.close();
    for (const { name, values } of tensors) if (name === 'model.layers.1.mlp.up_proj.weight') values[2] = NaN;
    await writeSafetensors(join(folder, 'model.safetensors'), tensors, 'F32');
    await copyFile(join(engineOptions('qwen2-tied').model, 'config.json'), join(folder, 'config.json'));
    await withEngine(engineOptions(folder, { layerwise: true }), async (engine) => {
      const refused = { code: 'engine.notFinite', message: expect.stringContaining('the input layers.1.up.weight') as string };
      await expect(engine.forward(sequences)).rejects.toMatchObject(refused);
      await expect(engine.forwardBackward(sequences, goldenLoss(false))).rejects.toMatchObject(refused);
    });
  }));

it('ends between two layers when it is aborted, and forgets the half of a gradient', () => {
  const options = engineOptions('qwen2-tied', { layerwise: true, logitsBytes: 1000 });
  return withEngine(options, async (engine) => {
    const controller = new AbortController();
    const training = engine.forwardBackward(sequences, clippedLoss(), { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
    for (const gradient of (await gradientsOf(engine, options)).values()) expect(gradient.every((value) => value === 0)).toBe(true);
  });
});
