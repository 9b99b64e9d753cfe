/** The models and the work that our benchmarks share with those of the peers (`test/peers/bench_shapes.py`). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '../../backend/core/rng.ts';
import type { LossProgram, TrainSequence } from '../../backend/engine/contract.ts';
import { EngineProcess } from '../../backend/engine/local/client.ts';
import type { LocalEngineOptions } from '../../backend/engine/local/messages.ts';
import { GraphBuilder } from '../../backend/graph/builder.ts';
import { qwen2 } from '../../backend/models/families/qwen2.ts';
import type { ModelConfig } from '../../backend/models/config.ts';
import { repositoryRoot } from './sourceTree.ts';

const common = {
  model_type: 'qwen2',
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  hidden_act: 'silu',
};

/** `config.json` by name. `a` and `b` are those of the peers, `demo` is the bundled model. */
export const benchShapes = {
  a: { ...common, vocab_size: 512, hidden_size: 128, num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 448 },
  b: { ...common, vocab_size: 512, hidden_size: 320, num_hidden_layers: 8, num_attention_heads: 5, num_key_value_heads: 1, intermediate_size: 960 },
  demo: {
    ...common,
    vocab_size: 216,
    hidden_size: 128,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    intermediate_size: 256,
  },
} as const;
export type BenchShape = keyof typeof benchShapes;

export function benchConfig(shape: BenchShape): ModelConfig {
  return qwen2.parse(benchShapes[shape]);
}

/** Random weights in the built engine, in a process of its own. */
export async function withBenchEngine<T>(
  shape: BenchShape,
  changes: Partial<LocalEngineOptions>,
  use: (engine: EngineProcess) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  try {
    await writeFile(join(folder, 'config.json'), JSON.stringify(benchShapes[shape]));
    const options = { maxPositions: 2048, keepReference: false, threads: 2, microBatchTokens: 2048, layerCheckpointing: false, maxRows: 64 };
    const engine = await EngineProcess.open({ entry: join(repositoryRoot, 'dist/engine.js'), model: folder, initialSeed: 1, ...options, ...changes });
    try {
      return await use(engine);
    } finally {
      await engine.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function randomTokens(count: number, vocabularySize: number, seed: number): Int32Array {
  const rng = Rng.of(seed, 'tokens');
  return Int32Array.from({ length: count }, () => Math.floor(rng.uniform() * vocabularySize));
}

/** Full sequences of `length` tokens that go through the network, every position a target. */
export function benchSequences(shape: BenchShape, batch: number, length: number): TrainSequence[] {
  return Array.from({ length: batch }, (_, i) => {
    const rng = Rng.of(i, 'weights');
    return {
      tokens: randomTokens(length + 1, benchShapes[shape].vocab_size, i),
      targets: Int32Array.from({ length }, (__, t) => t + 1),
      inputs: { weight: Float32Array.from({ length }, () => rng.normal()) },
    };
  });
}

/** Σ weight · logprob: the policy gradient at its plainest, and what the peers compute. */
export function benchLoss(): LossProgram {
  const g = new GraphBuilder();
  return g.finish({ loss: g.sum(g.mul(g.input('weight', 'f32', [1]), g.input('logprobs', 'f32', [1]))) });
}
