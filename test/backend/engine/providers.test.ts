/** Execution providers that are not there, and what they say when something goes wrong; gradients added up outside of a provider's memory. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import { runAccumulating } from '../../../backend/engine/local/accumulating.ts';
import { EngineProcess } from '../../../backend/engine/local/client.ts';
import { providerError } from '../../../backend/engine/local/providerErrors.ts';
import { gpuProviders, mayHaveGpu, samplingBeside, type ProviderName } from '../../../backend/engine/local/providers.ts';
import { compile, Tensor } from '../../../backend/engine/local/session.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { engineOptions } from './goldenEngines.ts';

const entry = join(repositoryRoot, 'dist/engine.js');
const absent: ProviderName = process.platform === 'win32' ? 'coreml' : 'dml';

describe('a provider that this machine lacks', () => {
  const refusal = {
    code: 'engine.noProvider',
    message: expect.stringContaining(absent) as string,
    remedy: expect.stringContaining('engine.provider') as string,
  };

  it('fails its check with a remedy', async () => {
    await expect(EngineProcess.selfCheck({ entry, threads: 1, provider: absent })).rejects.toMatchObject(refusal);
  });

  it('runs no program, and the engine lives on', async () => {
    const engine = await EngineProcess.open({ ...engineOptions('qwen2-tied'), provider: absent, entry });
    const sequences = [{ tokens: Int32Array.of(1, 2, 3), targets: Int32Array.of(1, 2) }];
    await expect(engine.forward(sequences)).rejects.toMatchObject(refusal);
    expect(await engine.describe()).toMatchObject({ provider: absent, samplingProvider: 'cpu' });
    await engine.dispose();
  });
});

it.each([
  { platform: 'linux', arch: 'x64', there: ['webgpu', 'cuda'] },
  { platform: 'linux', arch: 'arm64', there: [] },
  { platform: 'win32', arch: 'arm64', there: ['webgpu', 'dml'] },
  { platform: 'darwin', arch: 'arm64', there: ['webgpu', 'coreml'] },
  { platform: 'darwin', arch: 'x64', there: [] },
])('$platform $arch can have $there', ({ platform, arch, there }) => {
  expect(gpuProviders(platform, arch)).toEqual(there);
});

it('sees a GPU on Linux by its device', () => {
  expect(mayHaveGpu('linux', () => false)).toBe(false);
  expect(mayHaveGpu('linux', (path) => path === '/dev/dri')).toBe(true);
  expect(mayHaveGpu('darwin', () => false)).toBe(true);
});

it('samples beside training only where weights stay', () => {
  expect((['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const).map(samplingBeside)).toEqual(['cpu', 'webgpu', 'cpu', 'cpu', 'cpu']);
});

describe('what a provider says', () => {
  // As onnxruntime 1.30 and Dawn said it; of CUDA and of lost devices, as their sources have it.
  const source = '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize()';
  it.each([
    {
      said: `${source} adapter_result.status == Success was false. Failed to get a WebGPU adapter: No supported adapters\n`,
      code: 'engine.noProvider',
    },
    { said: 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', code: 'engine.noProvider' },
    { said: 'no available backend found. ERR: [dml] backend not found.', code: 'engine.noProvider' },
    {
      said: 'WebGPU validation failed. Buffer size (6400000000) exceeds the max buffer size limit (1073741824).\n - While …',
      code: 'engine.outOfMemory',
    },
    { said: 'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While …', code: 'engine.outOfMemory' },
    { said: 'limits_ was false. Too many storage buffers in shader. Current: 21, Max is 12', code: 'engine.outOfMemory' },
    { said: 'CUDA failure 2: out of memory ; GPU=0 ; hostname=x', code: 'engine.outOfMemory' },
    { said: 'WebGPU device lost (1): Device was destroyed.', code: 'engine.deviceLost' },
    { said: 'Failed to submit: VK_ERROR_DEVICE_LOST', code: 'engine.deviceLost' },
    { said: 'Non-zero status code returned while running Mul node.', code: 'engine.provider' },
  ])('$said → $code', ({ said, code }) => {
    const error = providerError(new Error(said), 'webgpu');
    expect(error).toMatchObject({ code, remedy: expect.stringMatching(/Or set engine\.provider to "cpu"\.$/) as string });
  });

  it('is passed on as it is from the CPU, and where it is understood already', () => {
    const plain = new Error('out of memory');
    expect(providerError(plain, 'cpu')).toBe(plain);
    const known = new WorkbenchError({ code: 'x.y', message: 'x.', remedy: 'y.' });
    expect(providerError(known, 'webgpu')).toBe(known);
  });
});

it('adds the gradients of a provider with memory of its own here, each exactly once', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', 'f32', [3]);
  const places = ['w', 'w+1'].map((name) => g.input(`accumulated:${name}`, 'f32', [3]));
  const sums = places.map((place, i) => g.add(place, g.mul(x, i + 1)));
  const program = await compile(g.finish({ 'gradient:w': sums[0] ?? x, 'gradient:w+1': sums[1] ?? x, loss: g.sum(x) }), { threads: 1 });
  const gradient = Float32Array.of(10, 20, 30);
  const feeds = { x: new Tensor('float32', Float32Array.of(1, 2, 3), [3]) };
  const gradients = new Map([['w', new Tensor('float32', gradient, [3])]]);
  for (let pass = 0; pass < 2; pass++) {
    const outputs = await runAccumulating({ ...program, options: { threads: 1, provider: 'dml' } }, feeds, gradients);
    expect(Object.keys(outputs)).toEqual(['loss']);
  }
  await program.session.release();
  expect([...gradient]).toEqual([16, 32, 48]);
});
