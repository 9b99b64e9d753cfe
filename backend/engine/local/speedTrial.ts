/** How fast a provider is for a model of some size on this machine: a few layers of it with random weights are trained and sampled. */
import { Rng } from '../../core/rng.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import type { ModelConfig } from '../../models/config.ts';
import { parameterCount } from '../../models/estimate.ts';
import { readModelConfig } from '../../models/folder.ts';
import type { LossProgram, TrainSequence } from '../contract.ts';
import { lengthBucket } from './buckets.ts';
import { LocalEngine } from './localEngine.ts';
import type { LocalEngineOptions } from './messages.ts';

/** Tokens a second of the smaller model: worth comparing between providers only. */
export interface SpeedTrial {
  readonly trained: number;
  readonly sampled: number;
}

/** Layers and words are what a model has most of; the widths, which decide how well a processor is used, stay. */
const [mostLayers, mostWords] = [2, 8192];
/** Of one pass: a slow processor is done with it in seconds. */
const floatingPointOperations = 2e11;
const [promptLength, rows, sampledTokens] = [32, 16, 24];

/** Makes a pass of each kind to prepare the programs, and a second one on the clock. */
export async function speedTrial(options: LocalEngineOptions): Promise<SpeedTrial> {
  const { config } = await readModelConfig(options.model);
  const shape = { ...config, nLayers: Math.min(mostLayers, config.nLayers), vocabularySize: Math.min(mostWords, config.vocabularySize) };
  const { adapter: _adapter, halfWeights: _half, ...rest } = options;
  const engine = await LocalEngine.open({ ...rest, initialSeed: 1, keepReference: false }, shape);
  try {
    const sampled = await timed((seed) => sample(engine, shape, seed));
    const sequences = trainSequences(shape, options.microBatchTokens);
    return { sampled, trained: await timed(() => train(engine, sequences)) };
  } finally {
    await engine.dispose();
  }
}

/** Tokens a second of the second of two passes. */
async function timed(pass: (index: number) => Promise<number>): Promise<number> {
  await pass(0);
  const start = performance.now();
  const tokens = await pass(1);
  return (1000 * tokens) / (performance.now() - start);
}

async function sample(engine: LocalEngine, { vocabularySize, maxPositions }: ModelConfig, seed: number): Promise<number> {
  const rng = Rng.of(seed, 'speed-trial');
  const prompt = Array.from({ length: Math.min(promptLength, maxPositions - 2) }, () => Math.floor(rng.uniform() * vocabularySize));
  const seeds = [Array.from({ length: rows }, (_, i) => rows * seed + i)];
  const request = { prompts: [prompt], seeds, maxTokens: sampledTokens, temperature: 1, topK: 0, topP: 1, stopTokens: [] };
  return (await engine.sample(request)).tokensSampled;
}

async function train(engine: LocalEngine, sequences: readonly TrainSequence[]): Promise<number> {
  const { tokens } = await engine.forwardBackward(sequences, weightedLogprobs());
  await engine.optimStep({ learningRate: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 });
  return tokens;
}

/** One micro-batch, or less where the model is so wide that it would take long. */
function trainSequences(shape: ModelConfig, microBatchTokens: number): TrainSequence[] {
  const tokens = Math.min(microBatchTokens, Math.max(64, floatingPointOperations / (6 * parameterCount(shape))));
  const length = Math.min(shape.maxPositions, tokens, lengthBucket(256));
  const rng = Rng.of(2, 'speed-trial');
  return Array.from({ length: Math.max(1, Math.floor(tokens / length)) }, () => {
    const ids = Int32Array.from({ length: Math.floor(length) }, () => Math.floor(rng.uniform() * shape.vocabularySize));
    const targets = Int32Array.from({ length: Math.max(1, ids.length >> 1) }, (_, i) => ((ids.length + 1) >> 1) + i).filter((t) => t < ids.length);
    return { tokens: ids, targets, inputs: { weight: new Float32Array(targets.length).fill(1) } };
  });
}

function weightedLogprobs(): LossProgram {
  const g = new GraphBuilder();
  return g.finish({ loss: g.sum(g.mul(g.input('logprobs', 'f32', [2]), g.input('weight', 'f32', [2]))) });
}
