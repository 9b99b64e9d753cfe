/** The engine in its own process: the same results, and every way in which it can end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EngineProcess, type EngineProcessOptions } from '../../../backend/engine/local/client.ts';
import type { Engine, OptimStepRequest, SampleRequest } from '../../../backend/engine/contract.ts';
import { LocalEngine } from '../../../backend/engine/local/localEngine.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { engineOptions, goldenLoss, modelFolder, readGolden, trainSequences } from './goldenEngines.ts';

const entry = join(repositoryRoot, 'dist/engine.js');
const sequences = trainSequences(readGolden('qwen2-tied'));
const update: OptimStepRequest = { learningRate: 1e-2, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, gradientClip: 1 };
const sampling: SampleRequest = {
  prompts: [
    [1, 2, 3],
    [4, 5],
  ],
  seeds: [[1, 2], [3]],
  maxTokens: 30,
  temperature: 1,
  topK: 0,
  topP: 1,
  stopTokens: [7],
};
/** Enough work to be interrupted. */
const endless: SampleRequest = {
  ...sampling,
  prompts: [[1, 2, 3]],
  seeds: [Array.from({ length: 20_000 }, (_, i) => i)],
  maxTokens: 120,
  stopTokens: [],
};

function processOptions(changes: Partial<EngineProcessOptions> = {}): EngineProcessOptions {
  return { ...engineOptions('qwen2-tied'), entry, ...changes };
}

async function withProcess<T>(use: (engine: EngineProcess) => Promise<T>, changes: Partial<EngineProcessOptions> = {}): Promise<T> {
  const engine = await EngineProcess.open(processOptions(changes));
  try {
    return await use(engine);
  } finally {
    await engine.dispose();
  }
}

/** Training, sampling and statistics: all that an engine computes. */
async function everything(engine: Engine): Promise<unknown[]> {
  const results: unknown[] = [await engine.forwardBackward(sequences, goldenLoss(true)), await engine.optimStep(update)];
  results.push(await engine.forward(sequences), await engine.sample(sampling));
  return results;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function endOf(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid) && waited < 15_000; waited += 50) await sleep(50);
  expect(isAlive(pid)).toBe(false);
}

const died = (says: RegExp) => ({
  code: 'engine.died',
  message: expect.stringMatching(says) as string,
  remedy: expect.stringContaining('checkpoint') as string,
});

it('computes what the engine in this process computes, bit for bit', async () => {
  const local = await LocalEngine.open(engineOptions('qwen2-tied'));
  const expected = await everything(local);
  await local.dispose();
  await withProcess(async (engine) => {
    expect(await everything(engine)).toEqual(expected);
    expect(await engine.describe()).toMatchObject({
      modelType: 'qwen2',
      policyVersion: 1,
      vocabularySize: 48,
      maxPositions: 128,
      provider: 'cpu',
      threads: 2,
    });
  });
});

it('passes errors on with their code and remedy, and works on', () =>
  withProcess(async (engine) => {
    const remedy = 'Use the tokenizer that belongs to the model.';
    const failing = engine.sample({ ...sampling, prompts: [[99]], seeds: [[1]] });
    await expect(failing).rejects.toMatchObject({ name: 'WorkbenchError', code: 'token.outOfVocabulary', remedy });
    // The remedy stands in the message once.
    await expect(failing).rejects.toThrow(
      /^Token 0 of prompt 0 is 99; the model's vocabulary has 48 entries\. Use the tokenizer that belongs to the model\.$/,
    );
    await expect(engine.forward([{ tokens: Int32Array.of(1, 2), targets: Int32Array.of(2) }])).rejects.toThrow(/target/);
    expect((await engine.sample(sampling)).sequences).toHaveLength(2);
  }));

it.each([
  { changes: { model: '/nowhere/model' }, code: 'model.notFound' },
  { changes: { model: modelFolder('qwen2-lora') }, code: 'model.notFound' },
])('does not open with $code', async ({ changes, code }) => {
  await expect(EngineProcess.open(processOptions(changes))).rejects.toMatchObject({ name: 'WorkbenchError', code });
});

it('does not start a program that is not there', async () => {
  await expect(EngineProcess.open(processOptions({ entry: '/nowhere/engine.js' }))).rejects.toMatchObject({
    code: 'engine.notBuilt',
    message: expect.stringContaining('/nowhere/engine.js') as string,
  });
});

it('serves calls in the order they came', () =>
  withProcess(async (engine) => {
    const ended: string[] = [];
    const note = (name: string) => () => void ended.push(name);
    await Promise.all([
      engine.sample(sampling).then(note('sample')),
      engine.forward(sequences).then(note('forward')),
      engine.describe().then(note('describe')),
    ]);
    expect(ended).toEqual(['sample', 'forward', 'describe']);
  }));

it('tells each token when it is drawn, to those who want to hear it', () =>
  withProcess(async (engine) => {
    const heard = sampling.seeds.map((seeds) => seeds.map(() => ({ tokens: [] as number[], logprobs: [] as number[] })));
    let isDone = false;
    const { sequences: sampled } = await engine
      .sample(sampling, {
        onTokens: (drawn) => {
          expect(isDone).toBe(false);
          for (const { prompt, index, token, logprob } of drawn) {
            heard[prompt]?.[index]?.tokens.push(token);
            heard[prompt]?.[index]?.logprobs.push(logprob);
          }
        },
      })
      .finally(() => (isDone = true));
    expect(heard).toEqual(
      sampled.map((ofPrompt) => ofPrompt.map(({ tokens, logprobs }) => ({ tokens: [...tokens], logprobs: [...logprobs].map(Math.fround) }))),
    );
  }));

describe('an aborted call', () => {
  it('ends soon with the reason of the signal, and the engine works on', () =>
    withProcess(async (engine) => {
      const controller = new AbortController();
      let heard = 0;
      const sampled = engine.sample(endless, {
        signal: controller.signal,
        onProgress: (done) => {
          heard = done;
          controller.abort();
        },
      });
      await expect(sampled).rejects.toMatchObject({ name: 'AbortError' });
      expect(heard).toBeGreaterThan(0);
      const reason = new Error('enough');
      const custom = engine.sample(endless, { signal: AbortSignal.any([AbortSignal.timeout(100)]) });
      await expect(custom).rejects.toMatchObject({ name: 'TimeoutError' });
      await expect(engine.sample(sampling, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect((await engine.sample(sampling)).sequences).toHaveLength(2);
    }));

  it('does not begin when it was still waiting', () =>
    withProcess(async (engine) => {
      const controller = new AbortController();
      const first = engine.sample({ ...endless, seeds: [Array.from({ length: 40 }, (_, i) => i)] });
      const second = engine.sample(endless, { signal: controller.signal });
      controller.abort();
      await expect(second).rejects.toMatchObject({ name: 'AbortError' });
      expect((await first).tokensSampled).toBe(40 * 120);
    }));
});

describe('a death', () => {
  it('during a call is an error with signal and remedy, for that call and every later one', () =>
    withProcess(async (engine) => {
      const calls = [engine.sample(endless), engine.forward(sequences)];
      setTimeout(() => process.kill(engine.pid as number, 'SIGKILL'), 200);
      for (const call of calls) await expect(call).rejects.toMatchObject(died(/gone: it was ended by SIGKILL/));
      await expect(engine.describe()).rejects.toMatchObject(died(/SIGKILL/));
    }));

  it('between calls is noticed by the next', () =>
    withProcess(async (engine) => {
      process.kill(engine.pid as number, 'SIGKILL');
      await expect(engine.describe()).rejects.toMatchObject(died(/SIGKILL|cannot be reached/));
      await endOf(engine.pid as number);
    }));

  it('comes to a child that is silent for too long', () =>
    withProcess(
      async (engine) => {
        process.kill(engine.pid as number, 'SIGSTOP');
        await expect(engine.describe()).rejects.toMatchObject(died(/no sign of life for 1 s during describe/));
        await endOf(engine.pid as number);
      },
      { silenceMs: 1000 },
    ));

  it('does not come to a child that reports progress', () =>
    withProcess(
      async (engine) => {
        const { tokensSampled } = await engine.sample({ ...endless, seeds: [Array.from({ length: 400 }, (_, i) => i)] });
        expect(tokensSampled).toBe(400 * 120);
      },
      { silenceMs: 800 },
    ));

  it('of the owner ends the child', async () => {
    const owner = spawn(process.execPath, ['--import', 'tsx', join(repositoryRoot, 'test/backend/engine/owner.ts'), entry], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    owner.kill('SIGKILL');
    await endOf(pid);
  });
});

it('ends with dispose, twice if need be, and answers what was still waiting', async () => {
  const engine = await EngineProcess.open(processOptions());
  const waiting = engine.sample(endless);
  const disposed = engine.dispose();
  await expect(waiting).rejects.toMatchObject({ code: 'engine.closed' });
  await disposed;
  await engine.dispose();
  expect(isAlive(engine.pid as number)).toBe(false);
  await expect(engine.describe()).rejects.toMatchObject({ code: 'engine.closed' });
});

it('checks gradients in a child of its own', async () => {
  expect(await EngineProcess.selfCheck({ entry, threads: 2 })).toMatchObject({ ok: true });
});
