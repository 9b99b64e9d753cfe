/** What micro-batches must not change: gradients, logprobs, losses. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import type { TrainSequence } from '../../../backend/engine/contract.ts';
import type { LocalEngineOptions } from '../../../backend/engine/local/messages.ts';
import { engineOptions, goldenLoss, gradientsOf, largestDifference, relativeDifference, withEngine } from './goldenEngines.ts';

const vocabularySize = 48;
const tolerance = 1e-5;
const lora = { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'up_proj', 'down_proj'] };

const sequences: TrainSequence[] = [2, 60, 17, 33, 16, 5, 41, 25, 18, 9, 49, 3].map((length, i) => {
  const rng = Rng.of(i, 'sequence');
  const tokens = Int32Array.from({ length }, () => Math.floor(rng.uniform() * vocabularySize));
  const targets = Int32Array.from(Array.from({ length: length - 1 }, (_, t) => t + 1).filter((t) => t === 1 || rng.uniform() < 0.7));
  const vector = () => Float32Array.from(targets, () => rng.normal());
  return { tokens, targets, inputs: { weight: vector(), entropyWeight: vector() } };
});

/** Gradient, loss and statistics of the given calls, one after the other. */
function train(options: LocalEngineOptions, calls: readonly (readonly TrainSequence[])[]) {
  return withEngine(options, async (engine) => {
    const results = [];
    for (const call of calls) results.push(await engine.forwardBackward(call, goldenLoss(true)));
    return {
      gradients: await gradientsOf(engine, options),
      loss: results.reduce((sum, { loss }) => sum + loss, 0),
      tokens: results.reduce((sum, { tokens }) => sum + tokens, 0),
      logprobs: results.flatMap((result) => result.logprobs),
      entropies: results.flatMap((result) => result.entropies),
    };
  });
}

describe.each([
  { model: 'qwen2-tied', changes: {} },
  { model: 'qwen3', changes: {} },
  { model: 'qwen2-untied', changes: { lora, adapterSeed: 1 } },
])('training $model $changes', async ({ model, changes }) => {
  const options = engineOptions(model, { microBatchTokens: 2048, ...changes });
  const whole = await train(options, [sequences]);

  it.each([
    ['micro-batches of 64 tokens', { microBatchTokens: 64 }, [sequences]],
    ['one sequence a micro-batch', { microBatchTokens: 1 }, [sequences]],
    ['three calls', {}, [sequences.slice(0, 3), sequences.slice(3, 8), sequences.slice(8)]],
    ['another order', {}, [sequences.toReversed()]],
    ['layer checkpointing', { layerCheckpointing: true }, [sequences]],
    ['one layer at a time', { layerwise: true }, [sequences]],
    ['one layer at a time, 16 logits at a time', { layerwise: true, logitsBytes: 16 * 4 * vocabularySize, microBatchTokens: 256 }, [sequences]],
    ['one layer and one row of logits at a time', { layerwise: true, logitsBytes: 1 }, [sequences.slice(0, 6), sequences.slice(6)]],
    ['layer checkpointing in micro-batches', { layerCheckpointing: true, microBatchTokens: 256 }, [sequences]],
  ] as const)('%s: the same gradient', async (name, change, calls) => {
    const other = await train({ ...options, ...change }, calls);
    expect(relativeDifference(other.gradients, whole.gradients)).toBeLessThan(tolerance);
    expect(Math.abs(other.loss - whole.loss)).toBeLessThan(1e-4);
    expect(other.tokens).toBe(whole.tokens);
    const back = name === 'another order' ? <T>(list: T[]): T[] => list.toReversed() : <T>(list: T[]): T[] => list;
    back(other.logprobs).forEach((logprobs, i) => expect(largestDifference(logprobs, whole.logprobs[i] as Float32Array)).toBeLessThan(tolerance));
    back(other.entropies).forEach((entropies, i) => expect(largestDifference(entropies, whole.entropies[i] as Float32Array)).toBeLessThan(tolerance));
  });

  it('bitwise the same in another engine', async () => {
    expect(await train(options, [sequences])).toEqual(whole);
  });
});

it('reports the tokens of all sequences and hears progress', () =>
  withEngine(engineOptions('qwen2-tied', { microBatchTokens: 64 }), async (engine) => {
    const heard: number[] = [];
    const { tokens } = await engine.forwardBackward(sequences, goldenLoss(false), { onProgress: (done) => heard.push(done) });
    expect(tokens).toBe(sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0));
    expect(heard.at(-1)).toBe(sequences.length);
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  }));

it('forgets a half accumulated gradient when it is aborted', () => {
  const options = engineOptions('qwen2-tied', { microBatchTokens: 64 });
  return withEngine(options, async (engine) => {
    const controller = new AbortController();
    const training = engine.forwardBackward(sequences, goldenLoss(false), { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
    for (const gradient of (await gradientsOf(engine, options)).values()) expect(gradient.every((value) => value === 0)).toBe(true);
  });
});
