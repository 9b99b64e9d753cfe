/** The golden models as engines: options, losses, and what PyTorch says of them. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine, ForwardSequence, LossProgram, TrainSequence } from '../../../backend/engine/contract.ts';
import { LocalEngine } from '../../../backend/engine/local/localEngine.ts';
import type { LocalEngineOptions } from '../../../backend/engine/local/messages.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { partView, readModelConfig } from '../../../backend/models/folder.ts';
import { parameterSpecs } from '../../../backend/models/parameters.ts';
import { SafetensorsFile } from '../../../backend/models/safetensors.ts';

export interface GoldenSequence {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly logprobs: readonly number[];
  readonly entropies: readonly number[];
  /** [time][vocabulary] */
  readonly logits: readonly (readonly number[])[];
  readonly weights: readonly number[];
  readonly entropyWeights: readonly number[];
}

export interface Golden {
  readonly losses: { readonly logprob: number; readonly withEntropy: number };
  readonly sequences: readonly GoldenSequence[];
}

export function modelFolder(name: string): string {
  return fileURLToPath(new URL(`../../golden/models/${name}`, import.meta.url));
}

export function readGolden(name: string): Golden {
  return JSON.parse(readFileSync(join(modelFolder(name), 'golden.json'), 'utf8')) as Golden;
}

export function engineOptions(model: string, changes: Partial<LocalEngineOptions> = {}): LocalEngineOptions {
  const folder = model.includes('/') ? model : modelFolder(model);
  return {
    model: folder,
    maxPositions: 128,
    keepReference: false,
    threads: 2,
    microBatchTokens: 64,
    layerCheckpointing: false,
    maxRows: 8,
    ...changes,
  };
}

/** Opens an engine, uses it and closes it. */
export async function withEngine<T>(options: LocalEngineOptions, use: (engine: LocalEngine) => Promise<T>): Promise<T> {
  const engine = await LocalEngine.open(options);
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
  }
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Σ weight · logprob, and with `entropies` + Σ entropyWeight · entropy: the losses of the golden gradients. */
export function goldenLoss(withEntropies: boolean): LossProgram {
  const g = new GraphBuilder();
  const vector = (name: string) => g.input(name, 'f32', [1]);
  const term = g.sum(g.mul(vector('weight'), vector('logprobs')));
  const loss = withEntropies ? g.add(term, g.sum(g.mul(vector('entropyWeight'), vector('entropies')))) : term;
  return g.finish({ loss });
}

export function trainSequences(golden: Pick<Golden, 'sequences'>): TrainSequence[] {
  return golden.sequences.map(({ tokens, targets, weights, entropyWeights }) => ({
    tokens: Int32Array.from(tokens),
    targets: Int32Array.from(targets),
    inputs: { weight: Float32Array.from(weights), entropyWeight: Float32Array.from(entropyWeights) },
  }));
}

const keepGradient = { learningRate: 0, beta1: 0, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: null };

/**
 * The accumulated gradient by Hugging Face tensor name, through nothing but the contract: with β₁ = 0 the first moment of an update is
 * the gradient, and a learning rate of 0 leaves the weights as they are.
 */
export async function gradientsOf(engine: Engine, { model, lora }: LocalEngineOptions): Promise<Map<string, Float32Array>> {
  await engine.optimStep(keepGradient);
  return withFolder(async (folder) => {
    await engine.saveState(folder);
    const file = await SafetensorsFile.open(join(folder, 'optimizer.safetensors'));
    const gradients = new Map<string, Float32Array>();
    for (const spec of parameterSpecs((await readModelConfig(model)).config, lora).filter(({ trainable }) => trainable)) {
      const values = await file.read(`first:${spec.name}`);
      for (const part of spec.parts) gradients.set(part.name, partView(spec, part, values));
    }
    await file.close();
    return gradients;
  });
}

/** Log-probabilities [time][vocabulary] of what follows each prefix of `tokens`, asked for one token at a time. */
export async function distributions(engine: Engine, tokens: readonly number[], vocabularySize: number): Promise<Float32Array[]> {
  const asked: ForwardSequence[] = tokens.flatMap((_, time) =>
    Array.from({ length: vocabularySize }, (__, next) => ({
      tokens: Int32Array.of(...tokens.slice(0, time + 1), next),
      targets: Int32Array.of(time + 1),
    })),
  );
  const { logprobs } = await engine.forward(asked);
  return tokens.map((_, time) => Float32Array.from({ length: vocabularySize }, (__, next) => logprobs[time * vocabularySize + next]?.[0] ?? NaN));
}

/** Largest absolute difference, over rows or numbers. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }
  return largest;
}

/** Largest difference of two sets of arrays, over the largest magnitude of the expected array it lies in. */
export function relativeDifference(actual: ReadonlyMap<string, ArrayLike<number>>, expected: ReadonlyMap<string, ArrayLike<number>>): number {
  if ([...actual.keys()].sort().join() !== [...expected.keys()].sort().join()) return Infinity;
  return Math.max(
    ...[...expected].map(([name, values]) => {
      const magnitude = Array.from(values).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30);
      return largestDifference(actual.get(name) as ArrayLike<number>, values) / magnitude;
    }),
  );
}
