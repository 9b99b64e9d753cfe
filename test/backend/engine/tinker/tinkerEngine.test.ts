/** The engine over the wire against a server whose models are local engines: the same numbers, on a line that fails in every way. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { lossProgram, suppliedInputs } from '../../../../backend/algorithms/algorithm.ts';
import { critiqueGrpo } from '../../../../backend/algorithms/critiqueGrpo.ts';
import { Rng } from '../../../../backend/core/rng.ts';
import type { Engine, SampleRequest, TrainSequence } from '../../../../backend/engine/contract.ts';
import { LocalEngine } from '../../../../backend/engine/local/localEngine.ts';
import { TinkerEngine, type TinkerOptions } from '../../../../backend/engine/tinker/tinkerEngine.ts';
import { loraTargets } from '../../../../backend/models/parameters.ts';
import { temporaryFolder, temporaryFolderOfFile } from '../../../support/temporaryFolder.ts';
import { TinkerServer, type TinkerServerOptions } from '../../../support/tinkerServer.ts';
import { makeTinyModel } from '../../../support/tinyModel.ts';

const folder = temporaryFolderOfFile();
let model = '';
beforeAll(async () => {
  model = await makeTinyModel(folder);
});

const rank = 4;
const seed = 3;
const lora = { rank, alpha: 32, targets: [...loraTargets] };
const quick = { patienceMs: 2000, backoffMs: 5, answerMs: 2000, heartbeatMs: 20 };

async function startServer(options: Partial<TinkerServerOptions> = {}): Promise<TinkerServer> {
  const server = await TinkerServer.start({ model, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function openOn(server: { readonly url: string }, changes: Partial<TinkerOptions> = {}): Promise<TinkerEngine> {
  const engine = await TinkerEngine.open({
    baseUrl: server.url,
    key: undefined,
    baseModel: 'tiny',
    loraRank: rank,
    seed,
    gradientScale: 'measure',
    willTrain: true,
    keepReference: false,
    description: { modelType: 'qwen2', parameters: 1, trainableParameters: 1, vocabularySize: 216, maxPositions: 512 },
    times: quick,
    ...changes,
  });
  onTestFinished(() => engine.dispose());
  return engine;
}

async function openLocal(): Promise<LocalEngine> {
  const engine = await LocalEngine.open({
    model,
    lora,
    adapterSeed: seed,
    threads: 1,
    maxPositions: 512,
    keepReference: true,
    microBatchTokens: 1024,
    layerCheckpointing: false,
    maxRows: 16,
  });
  onTestFinished(() => engine.dispose());
  return engine;
}

const switches = { ...critiqueGrpo.defaults, clipLow: 0.2, clipHigh: 0.28, clipRefinements: true };
const loss = lossProgram(critiqueGrpo, switches);
const adam = { learningRate: 5e-3, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01, gradientClip: null };
const prompt = [5, 9, 14, 30, 7];
const request: SampleRequest = {
  prompts: [prompt, [8, 3, 60]],
  seeds: [
    [1, 2, 2 ** 32 - 1],
    [4, 5, 6],
  ],
  maxTokens: 7,
  temperature: 1,
  topK: 0,
  topP: 1,
  stopTokens: [1],
};

/** Sequences of different lengths and signs, rollouts and refinements, off-policy enough that the clip acts. */
function sequences(step: number): TrainSequence[] {
  const rng = Rng.of(7, 'sequences', step);
  return [3, 9, 6].map((length, s) => {
    const tokens = Int32Array.from({ length: prompt.length + length }, (_, i) => (i < prompt.length ? (prompt[i] as number) : rng.integer(2, 200)));
    const values: Record<string, number> = {
      advantages: s === 1 ? -0.7 : 0.4,
      isOffPolicy: s === 2 ? 1 : 0,
      weights: 0.1 * (s + 1),
      uniformWeights: 1 / 18,
    };
    const inputs = Object.fromEntries(
      suppliedInputs.map((name) => [name, Float32Array.from({ length }, () => values[name] ?? -4 - 2 * rng.uniform())] as const),
    );
    return { tokens, targets: Int32Array.from({ length }, (_, t) => prompt.length + t), inputs };
  });
}

function largestDifference(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
  return Math.max(...a.flatMap((values, i) => Array.from(values, (value, t) => Math.abs(value - (b[i]?.[t] ?? NaN)))));
}

async function train(engine: Engine, steps: number): Promise<{ losses: number[]; norms: number[]; metrics: Readonly<Record<string, number>>[] }> {
  const [losses, norms, metrics]: [number[], number[], Readonly<Record<string, number>>[]] = [[], [], []];
  for (let step = 0; step < steps; step++) {
    const all = sequences(step);
    // In two calls, as the contract allows.
    const parts = [all.slice(0, 2), all.slice(2)];
    let value = 0;
    for (const part of parts) {
      const result = await engine.forwardBackward(part, loss);
      value += result.loss;
      metrics.push(result.metrics);
    }
    losses.push(value);
    norms.push((await engine.optimStep(adam)).gradientNorm);
  }
  return { losses, norms, metrics };
}

describe('the numbers', () => {
  it.each(['sum', 'mean'] as const)('are those of the local engine on a server that takes the %s', async (scale) => {
    const [local, remote] = [await openLocal(), await openOn(await startServer({ scale }))];
    const [here, there] = [await train(local, 4), await train(remote, 4)];
    // Gradients, moments and four updates: float32 over JSON, and a loss evaluated in float64.
    expect(largestDifference([here.losses], [there.losses])).toBeLessThan(1e-5);
    expect(largestDifference([here.norms.map(() => 1)], [there.norms.map((norm, i) => norm / (here.norms[i] as number))])).toBeLessThan(1e-4);
    const [a, b] = [await local.forward(sequences(9)), await remote.forward(sequences(9))];
    expect(largestDifference(a.logprobs, b.logprobs)).toBeLessThan(1e-4);
    expect(Object.keys(there.metrics[0] ?? {}).sort()).toEqual(Object.keys(here.metrics[0] ?? {}).sort());
    for (const [i, metrics] of here.metrics.entries()) {
      for (const [name, value] of Object.entries(metrics)) expect(there.metrics[i]?.[name]).toBeCloseTo(value, 5);
    }
    // The steps have moved the weights by far more than the tolerance.
    expect(largestDifference(a.logprobs, (await local.forward(sequences(9), { weights: 'reference' })).logprobs)).toBeGreaterThan(0.05);
    expect((await remote.describe()).policyVersion).toBe(4);
  });

  it('sends what a server must not take for a mean as it is', async () => {
    const server = await startServer();
    await expect(openOn(server, { gradientScale: 'mean' }).then((engine) => train(engine, 1))).resolves.toBeDefined();
    const advantages = server.bodies.filter(({ path }) => path === 'forward_backward').map(({ body }) => JSON.stringify(body));
    expect(advantages.some((text) => text.includes('weights'))).toBe(false);
  });

  it('samples with the weights of now, by seed, and tells logprobs that training agrees with', async () => {
    const [local, remote] = [await openLocal(), await openOn(await startServer())];
    await train(local, 2);
    await train(remote, 2);
    // Seeds of 32 bits come to a server as 31.
    const folded = { ...request, seeds: request.seeds.map((seeds) => seeds.map((value) => value % 2 ** 31)) };
    const [here, there] = [await local.sample(folded), await remote.sample(request)];
    expect(there.sequences.map((all) => all.map(({ tokens }) => [...tokens]))).toEqual(
      here.sequences.map((all) => all.map(({ tokens }) => [...tokens])),
    );
    expect(
      largestDifference(
        here.sequences.flat().map(({ logprobs }) => logprobs),
        there.sequences.flat().map(({ logprobs }) => logprobs),
      ),
    ).toBeLessThan(1e-4);
    expect(there.sequences.flat().map(({ finish }) => finish)).toEqual(here.sequences.flat().map(({ finish }) => finish));
  });

  it('tells logprobs at temperature 1, whatever the temperature', async () => {
    const remote = await openOn(await startServer());
    const { sequences: sampled } = await remote.sample({ ...request, temperature: 0, prompts: [prompt], seeds: [[1]] });
    const tokens = sampled[0]?.[0]?.tokens as Int32Array;
    const { logprobs } = await remote.forward([
      { tokens: Int32Array.from([...prompt, ...tokens]), targets: Int32Array.from(tokens, (_, t) => prompt.length + t) },
    ]);
    expect(largestDifference([sampled[0]?.[0]?.logprobs as Float32Array], logprobs)).toBe(0);
  });

  it('keeps the weights before training as the reference', async () => {
    const [local, remote] = [await openLocal(), await openOn(await startServer(), { keepReference: true })];
    await train(remote, 2);
    const [before, after] = [await remote.forward(sequences(1), { weights: 'reference' }), await remote.forward(sequences(1))];
    expect(largestDifference(before.logprobs, (await local.forward(sequences(1))).logprobs)).toBeLessThan(1e-5);
    expect(largestDifference(before.logprobs, after.logprobs)).toBeGreaterThan(1e-2);
  });
});

describe('a line that fails', () => {
  it('asks again for what may be asked twice', async () => {
    const server = await startServer({ polls: 3 });
    const local = await openLocal();
    server.misbehave('create_session', { status: 503 }, 'drop');
    server.misbehave('forward', { status: 429, retryAfter: 0 }, { status: 500 }, 'drop', 'slow');
    server.misbehave('retrieve_future', 'drop', { status: 502 }, 'slow');
    server.misbehave('asample', 'drop', 'drop', { status: 429 });
    const remote = await openOn(server);
    expect(largestDifference((await remote.forward(sequences(0))).logprobs, (await local.forward(sequences(0))).logprobs)).toBeLessThan(1e-5);
    await expect(remote.sample(request)).resolves.toMatchObject({ tokensSampled: expect.any(Number) as number });
  });

  it.each(['forward_backward', 'optim_step'])('waits where %s has not been taken', async (path) => {
    const [server, local] = [await startServer(), await openLocal()];
    const remote = await openOn(server);
    server.misbehave(path, { status: 429 }, { status: 503 });
    await train(remote, 2);
    await train(local, 2);
    expect(largestDifference((await remote.forward(sequences(3))).logprobs, (await local.forward(sequences(3))).logprobs)).toBeLessThan(1e-4);
  });

  it.each([
    ['forward_backward', 'drop'],
    ['forward_backward', 'dropAfter'],
    ['optim_step', 'dropAfter'],
    ['optim_step', { status: 502 }],
  ] as const)('never does %s twice: after %o the run goes back to its checkpoint', async (path, act) => {
    const server = await startServer();
    const remote = await openOn(server);
    server.misbehave(path, act);
    await expect(train(remote, 1)).rejects.toMatchObject({ code: 'engine.died', message: expect.stringContaining(path) as string });
    expect(server.calls.filter((call) => call === path).length).toBeLessThanOrEqual(3);
  });

  it('is given up with the server, the call and a remedy', async () => {
    const server = await startServer();
    const remote = await openOn(server, { times: { ...quick, patienceMs: 60 } });
    server.misbehave('forward', ...Array.from({ length: 50 }, () => ({ status: 500 })));
    await expect(remote.forward(sequences(0))).rejects.toMatchObject({
      code: 'engine.unreachable',
      message: expect.stringMatching(new RegExp(`${server.url} did not answer forward .*busy`)) as string,
      remedy: expect.stringContaining('resume') as string,
    });
  });

  it('is given up where nobody listens', async () => {
    const server = await TinkerServer.start({ model });
    await server.close();
    await expect(openOn(server, { times: { ...quick, patienceMs: 30 } })).rejects.toMatchObject({ code: 'engine.unreachable' });
  });

  it('ends at once when its signal is aborted', async () => {
    const server = await startServer({ polls: 1_000_000 });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(openOn(server, { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('says when a result does not come', async () => {
    const server = await startServer({ polls: 1_000_000 });
    await expect(openOn(server, { times: { ...quick, resultMs: 50 } })).rejects.toMatchObject({ code: 'engine.unreachable' });
  });
});

describe('a server', () => {
  it('that answers something else is not the protocol', async () => {
    const server = await startServer();
    server.misbehave('create_session', 'nonsense');
    await expect(openOn(server)).rejects.toMatchObject({ code: 'engine.notTinker', message: expect.stringContaining('<html>') as string });
    await expect(openOn({ url: `${server.url}/elsewhere` })).rejects.toMatchObject({ code: 'engine.notTinker' });
  });

  it('gets its key, and says that it wants one', async () => {
    const server = await startServer({ key: 'sesame' });
    await expect(openOn(server)).rejects.toMatchObject({ code: 'engine.noAccess', remedy: expect.stringContaining('TINKER_API_KEY') as string });
    const wrong = openOn(server, { key: 'open' });
    await expect(wrong).rejects.toMatchObject({ code: 'engine.noAccess' });
    await expect(wrong).rejects.not.toMatchObject({ message: expect.stringContaining('open ') as string });
    await expect(openOn(server, { key: 'sesame' })).resolves.toBeDefined();
  });

  it('of other models names them', async () => {
    await expect(openOn(await startServer({ name: 'Qwen/Qwen3-8B' }))).rejects.toMatchObject({
      code: 'engine.unknownModel',
      message: expect.stringContaining('serves Qwen/Qwen3-8B') as string,
    });
  });

  it('that tells no norm cannot be measured, nor trained on', async () => {
    const server = await startServer({ tellsNorm: false });
    await expect(openOn(server)).rejects.toMatchObject({ code: 'engine.unknownScale' });
    await expect(train(await openOn(server, { gradientScale: 'sum' }), 1)).rejects.toMatchObject({ code: 'engine.noGradientNorm' });
  });

  it('elsewhere is not spoken to in the clear', async () => {
    await expect(openOn({ url: 'http://192.0.2.1:8000' })).rejects.toMatchObject({
      code: 'engine.insecureServer',
      remedy: expect.stringContaining('ssh -L') as string,
    });
    await expect(openOn({ url: 'https://user:secret@192.0.2.1' })).rejects.toMatchObject({
      code: 'engine.keyInAddress',
      message: expect.not.stringContaining('secret') as string,
    });
  });

  it('hears that the session is alive, and that models are no longer needed', async () => {
    const server = await startServer();
    const engine = await openOn(server, { keepReference: true });
    expect(server.loadedModels).toBe(2);
    await expect.poll(() => server.heartbeats).toBeGreaterThan(1);
    await engine.dispose();
    expect(server.loadedModels).toBe(0);
    const { heartbeats } = server;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(server.heartbeats).toBe(heartbeats);
  });
});

describe('state', () => {
  it('goes on exactly from what the server keeps, in a new session and in the old', async () => {
    const server = await startServer({ scale: 'mean' });
    const first = await openOn(server);
    await train(first, 2);
    const state = temporaryFolder();
    await first.saveState(state);
    expect(JSON.parse(readFileSync(join(state, 'tinker.json'), 'utf8'))).toMatchObject({
      server: server.url,
      baseModel: 'tiny',
      loraRank: rank,
      policyVersion: 2,
    });
    const norms = (await train(first, 2)).norms;
    const second = await openOn(server);
    await second.loadState(state);
    expect((await second.describe()).policyVersion).toBe(2);
    expect((await train(second, 2)).norms).toEqual(norms);
    await first.loadState(state);
    expect((await train(first, 2)).norms).toEqual(norms);
  });

  it('is a death that a checkpoint heals, where the server was started anew', async () => {
    const server = await startServer();
    const engine = await openOn(server);
    const state = temporaryFolder();
    await engine.saveState(state);
    await server.forget();
    await expect(engine.forward(sequences(0))).rejects.toMatchObject({
      code: 'engine.died',
      message: expect.stringContaining('not loaded') as string,
    });
    await expect((await openOn(server)).loadState(state)).resolves.toBeUndefined();
  });

  it('that the server has lost is named, and so is a damaged or foreign one', async () => {
    const server = await startServer();
    const engine = await openOn(server);
    const state = temporaryFolder();
    await engine.saveState(state);
    await expect((await openOn(server, { loraRank: 2 })).loadState(state)).rejects.toMatchObject({ code: 'checkpoint.otherModel' });
    await server.forget({ checkpoints: true });
    await expect((await openOn(server)).loadState(state)).rejects.toMatchObject({
      code: 'checkpoint.lost',
      message: expect.stringMatching(/does not have the checkpoint tinker:\/\//) as string,
    });
    writeFileSync(join(state, 'tinker.json'), '{"server":1}');
    await expect((await openOn(server)).loadState(state)).rejects.toMatchObject({ code: 'checkpoint.damaged' });
  });

  it('leaves the server as a PEFT adapter that the local engine goes on with', async () => {
    const server = await startServer();
    const remote = await openOn(server);
    await train(remote, 2);
    const adapter = join(temporaryFolder(), 'adapter');
    mkdirSync(adapter);
    await remote.exportWeights(adapter, 'adapter');
    const local = await LocalEngine.open({
      ...{ model, lora, adapter, threads: 1, maxPositions: 512, keepReference: false, microBatchTokens: 1024 },
      ...{ layerCheckpointing: false, maxRows: 16 },
    });
    onTestFinished(() => local.dispose());
    expect(largestDifference((await remote.forward(sequences(5))).logprobs, (await local.forward(sequences(5))).logprobs)).toBeLessThan(1e-5);
    await expect(remote.exportWeights(adapter, 'merged')).rejects.toMatchObject({ code: 'export.notRemote' });
  });
});
