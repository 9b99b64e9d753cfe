/** Batched decoding on a cache: it equals the full pass, and no sequence notices its neighbors. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import type { Engine, SampledSequence, SampleRequest } from '../../../backend/engine/contract.ts';
import { engineOptions, largestDifference, withEngine } from './goldenEngines.ts';

const vocabularySize = 48;
const plain: Omit<SampleRequest, 'prompts' | 'seeds'> = { maxTokens: 24, temperature: 1, topK: 0, topP: 1, stopTokens: [] };

function prompt(length: number, seed = 0): number[] {
  const rng = Rng.of(seed, 'prompt', length);
  return Array.from({ length }, () => Math.floor(rng.uniform() * vocabularySize));
}

/** What the training graph says of the same tokens. */
async function forwardLogprobs(
  engine: Engine,
  prompts: readonly (readonly number[])[],
  sequences: readonly SampledSequence[],
): Promise<readonly Float32Array[]> {
  const asked = sequences.map(({ tokens }, i) => {
    const own = prompts[i] as readonly number[];
    return { tokens: Int32Array.of(...own, ...tokens), targets: Int32Array.from(tokens, (_, t) => own.length + t) };
  });
  return (await engine.forward(asked)).logprobs;
}

describe.each(['qwen2-tied', 'qwen3', 'llama-untied', 'llama-rope-yarn'])('sampling from %s', (model) => {
  const prompts = [1, 2, 5, 15, 16, 17, 18, 33, 60].map((length) => prompt(length));
  const seeds = prompts.map((_, i) => [i]);

  it.each([0, 1])('gives the logprobs of the full pass at temperature %d, while caches grow and rows leave', (temperature) =>
    withEngine(engineOptions(model, { maxRows: 4 }), async (engine) => {
      const { sequences, tokensSampled } = await engine.sample({ ...plain, prompts, seeds, temperature, maxTokens: 100 });
      const sampled = sequences.map(([sequence]) => sequence as SampledSequence);
      expect(sampled.map(({ tokens }) => tokens.length)).toEqual(prompts.map(({ length }) => Math.min(100, 128 - length)));
      expect(tokensSampled).toBe(sampled.reduce((sum, { tokens }) => sum + tokens.length, 0));
      (await forwardLogprobs(engine, prompts, sampled)).forEach((logprobs, i) => {
        expect(largestDifference((sampled[i] as SampledSequence).logprobs, logprobs), `prompt of ${prompts[i]?.length}`).toBeLessThan(1e-5);
      });
    }),
  );
});

describe('the sequences of one call', () => {
  const prompts = Array.from({ length: 24 }, (_, i) => prompt(3 + ((i * 7) % 40), i));
  const request = { ...plain, prompts, seeds: prompts.map((_, i) => [3 * i, 3 * i + 1, 3 * i + 2]), stopTokens: [5, 17] };

  it('do not notice how many they are, their order, or the rows they share', () =>
    withEngine(engineOptions('qwen3', { maxRows: 8 }), async (engine) => {
      const { sequences } = await engine.sample(request);
      expect(new Set(sequences.flat().map(({ tokens }) => tokens.length)).size, 'rows leave at different times').toBeGreaterThan(3);

      const reversed = await engine.sample({ ...request, prompts: prompts.toReversed(), seeds: request.seeds.toReversed() });
      await withEngine(engineOptions('qwen3', { maxRows: 64, microBatchTokens: 256 }), async (wide) => {
        const together = await wide.sample(request);
        for (const [i, group] of sequences.entries()) {
          for (const [k, sequence] of group.entries()) {
            for (const other of [reversed.sequences.at(-1 - i)?.[k], together.sequences[i]?.[k]]) {
              expect(other?.tokens).toEqual(sequence.tokens);
              expect(other?.finish).toBe(sequence.finish);
              expect(largestDifference(other?.logprobs ?? [], sequence.logprobs)).toBeLessThan(1e-5);
            }
          }
        }
      });
      for (const i of [0, 7, 23]) {
        const alone = await engine.sample({ ...request, prompts: [prompts[i] as number[]], seeds: [[3 * i + 1]] });
        expect(alone.sequences[0]?.[0]?.tokens).toEqual(sequences[i]?.[1]?.tokens);
      }
    }));

  it('are bitwise the same in another engine', async () => {
    const once = () => withEngine(engineOptions('qwen2-tied'), (engine) => engine.sample(request));
    expect(await once()).toEqual(await once());
  });

  it('differ with their seeds', () =>
    withEngine(engineOptions('qwen3'), async (engine) => {
      const { sequences } = await engine.sample({ ...plain, prompts: [prompt(6)], seeds: [[1, 2, 3, 4]] });
      expect(new Set(sequences[0]?.map(({ tokens }) => tokens.join())).size).toBe(4);
    }));
});

describe('a sequence ends', () => {
  const request = { ...plain, prompts: [prompt(9)], seeds: [[11]] };

  it('with its first stop token, which is part of it', () =>
    withEngine(engineOptions('qwen3'), async (engine) => {
      const [[free]] = (await engine.sample(request)).sequences as [[SampledSequence]];
      const stop = free.tokens[10] as number;
      const first = free.tokens.indexOf(stop);
      const [[stopped]] = (await engine.sample({ ...request, stopTokens: [stop] })).sequences as [[SampledSequence]];
      expect(stopped).toMatchObject({ tokens: free.tokens.slice(0, first + 1), finish: 'stop' });
      expect(stopped.logprobs).toHaveLength(first + 1);
    }));

  it('at maxTokens, and as a stop when that token is a stop token', () =>
    withEngine(engineOptions('qwen3'), async (engine) => {
      const [[one]] = (await engine.sample({ ...request, maxTokens: 1 })).sequences as [[SampledSequence]];
      expect(one).toMatchObject({ finish: 'length' });
      expect(one.tokens).toHaveLength(1);
      const [[stopped]] = (await engine.sample({ ...request, maxTokens: 1, stopTokens: [one.tokens[0] as number] })).sequences as [[SampledSequence]];
      expect(stopped.finish).toBe('stop');
    }));

  it.each([
    { maxPositions: 128, length: 120 },
    { maxPositions: 50, length: 45 },
  ])('where the $maxPositions positions of the engine do', ({ maxPositions, length }) =>
    withEngine(engineOptions('qwen3', { maxPositions }), async (engine) => {
      const own = prompt(length);
      const { sequences } = await engine.sample({ ...plain, prompts: [own], seeds: [[1]] });
      const [[sampled]] = sequences as [[SampledSequence]];
      expect(sampled).toMatchObject({ finish: 'length' });
      expect(sampled.tokens).toHaveLength(maxPositions - length);
      const [logprobs] = await forwardLogprobs(engine, [own], [sampled]);
      expect(largestDifference(sampled.logprobs, logprobs as Float32Array)).toBeLessThan(1e-5);
    }),
  );
});

it('takes empty work', () =>
  withEngine(engineOptions('qwen3'), async (engine) => {
    expect(await engine.sample({ ...plain, prompts: [], seeds: [] })).toEqual({ sequences: [], tokensSampled: 0 });
    expect((await engine.sample({ ...plain, prompts: [prompt(3), prompt(4)], seeds: [[], [1]] })).sequences.map((group) => group.length)).toEqual([
      0, 1,
    ]);
    expect(await engine.forward([])).toEqual({ logprobs: [], entropies: [] });
    expect((await engine.forward([{ tokens: Int32Array.of(4), targets: new Int32Array() }])).logprobs).toEqual([new Float32Array()]);
  }));

it('ends between two tokens when aborted, and works on', () =>
  withEngine(engineOptions('qwen3'), async (engine) => {
    const controller = new AbortController();
    const request = { ...plain, prompts: [prompt(9)], seeds: [[1]] };
    let heard = 0;
    const sampling = engine.sample(request, {
      signal: controller.signal,
      onProgress: (done) => {
        heard = done;
        if (done === 3) controller.abort();
      },
    });
    await expect(sampling).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toBe(3);
    expect((await engine.sample(request)).tokensSampled).toBe(24);
  }));
