/** The engine's process on WebGPU gives the numbers that it gives on the CPU, the same at every run; what is wrong there is noticed. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Engine, ForwardResult, SampleRequest, SampleResult } from '../../backend/engine/contract.ts';
import { EngineProcess } from '../../backend/engine/local/client.ts';
import type { LocalEngineOptions } from '../../backend/engine/local/messages.ts';
import type { SelfCheckResult } from '../../backend/engine/local/selfCheck.ts';
import {
  engineOptions,
  goldenLoss,
  gradientsOf,
  largestDifference,
  readGolden,
  relativeDifference,
  trainSequences,
} from '../backend/engine/goldenEngines.ts';
import { repositoryRoot } from '../support/sourceTree.ts';
import { provideAdapter } from './adapter.ts';

const isThere = provideAdapter();
const entry = join(repositoryRoot, 'dist/engine.js');

/** float32, summed in another order. */
const agreement = 2e-5;

const sampling: SampleRequest = {
  prompts: [
    [1, 2, 3],
    [4, 5],
    [6, 2, 9, 11, 3],
  ],
  seeds: [
    [1, 2, 3],
    [4, 5],
    [6, 7],
  ],
  maxTokens: 30,
  temperature: 1,
  topK: 0,
  topP: 1,
  stopTokens: [7],
};

interface Numbers {
  readonly before: SampleResult;
  readonly ofBefore: ForwardResult;
  readonly losses: readonly number[];
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly gradientNorm: number;
  readonly after: SampleResult;
  readonly reference: ForwardResult;
}

async function everything(engine: Engine, model: string): Promise<Numbers> {
  const sequences = trainSequences(readGolden(model));
  const before = await engine.sample(sampling);
  const ofBefore = await engine.forward(sampledSequences(before));
  const losses: number[] = [];
  // Two calls, and in each several micro-batches, that accumulate.
  for (let call = 0; call < 2; call++) losses.push((await engine.forwardBackward(sequences, goldenLoss(true))).loss);
  const gradients = await gradientsOf(engine, engineOptions(model));
  await engine.forwardBackward(sequences, goldenLoss(true));
  // With so large an ε the step goes along the gradient, not along the signs of its smallest elements.
  const update = { learningRate: 300, beta1: 0, beta2: 0.99, epsilon: 1e3, weightDecay: 0, gradientClip: null };
  const { gradientNorm } = await engine.optimStep(update);
  const reference = await engine.forward(sequences, { weights: 'reference' });
  return { before, ofBefore, losses, gradients, gradientNorm, after: await engine.sample(sampling), reference };
}

function sampledSequences({ sequences }: SampleResult) {
  return sequences.flatMap((all, p) =>
    all.map(({ tokens }) => {
      const prompt = sampling.prompts[p] as readonly number[];
      return { tokens: Int32Array.from([...prompt, ...tokens]), targets: Int32Array.from(tokens, (_, i) => prompt.length + i) };
    }),
  );
}

async function run<T>(changes: Partial<LocalEngineOptions>, model: string, use: (engine: EngineProcess) => Promise<T>): Promise<T> {
  const engine = await EngineProcess.open({ ...engineOptions(model, { keepReference: true, threads: 1, maxRows: 4, ...changes }), entry });
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
  }
}

const tokensOf = ({ sequences }: SampleResult): number[][] => sequences.flat().map(({ tokens }) => [...tokens]);
const logprobsOf = ({ sequences }: SampleResult): number[] => sequences.flat().flatMap(({ logprobs }) => [...logprobs]);

describe.skipIf(!isThere)('WebGPU', () => {
  it('passes the check, and gives the same bytes again', async () => {
    const result = await EngineProcess.selfCheck({ entry, threads: 1, provider: 'webgpu' });
    expect(result).toMatchObject({ ok: true, repeats: true });
    expect(result.maxRelativeError).toBeLessThan(1e-4);
  });

  it('is refused where a kernel is wrong, with the op and the number', async () => {
    const script = join(repositoryRoot, 'test/gpu/wrongKernel.ts');
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script], { cwd: repositoryRoot });
    const result = JSON.parse(stdout) as SelfCheckResult;
    expect(result).toMatchObject({ ok: false, op: 'rmsNorm' });
    expect(result.maxRelativeError).toBeGreaterThan(0.01);
  });

  interface Case {
    readonly name: string;
    readonly model: string;
    readonly changes: Partial<LocalEngineOptions>;
    readonly described: object;
  }
  const cases: readonly Case[] = [
    { name: 'the whole model in one graph', model: 'qwen2-tied', changes: { provider: 'webgpu' }, described: { provider: 'webgpu' } },
    {
      name: 'one layer at a time, sampling on the CPU',
      model: 'qwen3',
      changes: { provider: 'webgpu', samplingProvider: 'cpu', layerwise: true },
      described: { provider: 'webgpu', samplingProvider: 'cpu' },
    },
    {
      name: 'sampling alone',
      model: 'llama-untied',
      changes: { provider: 'cpu', samplingProvider: 'webgpu' },
      described: { provider: 'cpu', samplingProvider: 'webgpu' },
    },
  ];

  it.each(cases)('trains and samples as the CPU does: $name', async ({ model, changes, described }) => {
    const here = await run({}, model, (engine) => everything(engine, model));
    const there = await run(changes, model, async (engine) => {
      expect(await engine.describe()).toMatchObject(described);
      return everything(engine, model);
    });
    expect(tokensOf(there.before)).toEqual(tokensOf(here.before));
    expect(largestDifference(logprobsOf(there.before), logprobsOf(here.before))).toBeLessThan(agreement);
    // The importance ratio starts at 1.
    expect(
      largestDifference(
        logprobsOf(there.before),
        there.ofBefore.logprobs.flatMap((values) => [...values]),
      ),
    ).toBeLessThan(agreement);
    there.losses.forEach((loss, i) => expect(Math.abs(loss / (here.losses[i] as number) - 1)).toBeLessThan(agreement));
    expect(Math.abs(there.gradientNorm / here.gradientNorm - 1)).toBeLessThan(agreement);
    expect(relativeDifference(there.gradients, here.gradients)).toBeLessThan(agreement);
    expect(tokensOf(there.after)).toEqual(tokensOf(here.after));
    expect(tokensOf(there.after)).not.toEqual(tokensOf(there.before));
    there.reference.logprobs.forEach((values, i) => expect(largestDifference(values, here.reference.logprobs[i] ?? [])).toBeLessThan(agreement));
  });
});
