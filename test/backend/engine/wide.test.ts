/** Matrices so large that few rows are multiplied with them the other way around: the same numbers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import type { TrainSequence } from '../../../backend/engine/contract.ts';
import { benchLoss } from '../../support/benchModels.ts';
import { engineOptions, gradientsOf, largestDifference, relativeDifference, withEngine, withFolder } from './goldenEngines.ts';

const config = {
  model_type: 'qwen2',
  vocab_size: 300,
  hidden_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 320,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};

async function withWideModel(use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    await use(folder);
  });
}

it.each([1, 4, 32])('%i rows are sampled with the logprobs of training', (rows) =>
  withWideModel((folder) =>
    withEngine(engineOptions(folder, { initialSeed: 1, maxRows: 32 }), async (engine) => {
      const prompt = [3, 1, 4, 1, 5];
      const seeds = [Array.from({ length: rows }, (_, i) => i)];
      const { sequences } = await engine.sample({ prompts: [prompt], seeds, maxTokens: 12, temperature: 1, topK: 0, topP: 1, stopTokens: [] });
      const sampled = sequences[0] ?? [];
      const { logprobs } = await engine.forward(
        sampled.map(({ tokens }) => ({
          tokens: Int32Array.of(...prompt, ...tokens),
          targets: Int32Array.from(tokens, (_, t) => prompt.length + t),
        })),
      );
      sampled.forEach((sequence, i) => expect(largestDifference(sequence.logprobs, logprobs[i] as Float32Array)).toBeLessThan(1e-5));
    }),
  ),
);

it.each([false, true])('gives the same gradient in small micro-batches, layer checkpointing %s', (layerCheckpointing) =>
  withWideModel(async (folder) => {
    const sequences: TrainSequence[] = Array.from({ length: 12 }, (_, i) => {
      const rng = Rng.of(i, 'sequence');
      return {
        tokens: Int32Array.from({ length: 13 }, () => Math.floor(rng.uniform() * config.vocab_size)),
        targets: Int32Array.from({ length: 12 }, (__, t) => t + 1),
        inputs: { weight: Float32Array.from({ length: 12 }, () => rng.normal()) },
      };
    });
    const gradients = (microBatchTokens: number) => {
      const options = engineOptions(folder, { initialSeed: 1, layerCheckpointing, microBatchTokens });
      return withEngine(options, async (engine) => {
        await engine.forwardBackward(sequences, benchLoss());
        return gradientsOf(engine, options);
      });
    };
    expect(relativeDifference(await gradients(16), await gradients(2048))).toBeLessThan(1e-5);
  }),
);
