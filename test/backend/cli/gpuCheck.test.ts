/** What the doctor says of GPUs: those that are right and how fast, those that are wrong, and what one that is missing needs. */
import { expect, it } from 'vitest';
import type { Facts, Patient } from '../../../backend/cli/doctorCheck.ts';
import { examineGpus } from '../../../backend/cli/gpuCheck.ts';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { ModelFolder } from '../../../backend/models/folder.ts';
import { runConfigSchema, type RunConfig } from '../../../backend/protocol/runConfig.ts';
import type { Machine } from '../../../backend/training/engineProviders.ts';

const missing = new WorkbenchError({ code: 'engine.noProvider', message: 'Nothing there.', remedy: 'Install one.' });
const right = { ok: true, maxRelativeError: 2e-6, worst: 'logprobs', seconds: 1, repeats: true };
const wrong = { ok: false, maxRelativeError: 1.09, worst: 'logprobs', seconds: 1, op: 'rmsNorm' };

const machine: Machine = {
  mayHaveGpu: true,
  gpus: ['webgpu', 'cuda'],
  check: (provider) => (provider === 'webgpu' ? Promise.resolve(right) : Promise.reject(missing)),
  speed: (provider) => Promise.resolve(provider === 'cpu' ? { trained: 100, sampled: 100 } : { trained: 450, sampled: 60 }),
};

function patient(provider: RunConfig['engine']['provider']): Patient {
  const config = runConfigSchema.parse({ model: { path: 'm' }, data: { train: 't' }, engine: { provider } });
  return {
    config,
    context: { entries: { engine: '', grader: '' }, demoFolder: '' },
    workspace: '',
    threads: 1,
    signal: new AbortController().signal,
  };
}

const model: Facts = { model: { path: 'm' } as ModelFolder };

it('lists every provider, with speeds where there is a model', async () => {
  const { status, detail, remedy } = await examineGpus(patient('auto'), model, machine);
  expect([status, remedy]).toEqual(['ok', undefined]);
  expect(detail).toBe(
    'webgpu: right to 2e-6, a second run gives the same bytes, trains at 4.5× and samples at 0.6× the speed of the CPU (two layers of this model); cuda: not on this machine',
  );
  expect((await examineGpus(patient('auto'), {}, machine)).detail).toMatch(/same bytes; cuda/);
});

it('says what a GPU that cannot be used needs', async () => {
  const finding = await examineGpus(patient('auto'), model, { ...machine, check: () => Promise.reject(missing) });
  expect(finding).toMatchObject({ status: 'ok', detail: 'webgpu: not on this machine; cuda: not on this machine' });
  expect(finding.remedy).toMatch(/libvulkan1.*ONNXRUNTIME_NODE_INSTALL=cuda12/);
});

it('asks a machine without a GPU for none', async () => {
  const finding = await examineGpus(patient('auto'), model, { ...machine, mayHaveGpu: false, check: () => Promise.reject(missing) });
  expect(finding.status).toBe('ok');
  expect(finding.detail).toMatch(/shows no GPU; the engine runs on the CPU \(for \S+ there are webgpu, cuda\)/);
  expect(finding.remedy).toBeUndefined();
  expect((await examineGpus(patient('cpu'), model, { ...machine, gpus: [] })).detail).toMatch(/has no GPU provider for/);
});

it('warns of one that computes wrongly, and fails where the run asks for it', async () => {
  const faulty: Machine = { ...machine, check: () => Promise.resolve(wrong) };
  expect(await examineGpus(patient('auto'), model, faulty)).toMatchObject({
    status: 'warning',
    detail: expect.stringContaining(
      'webgpu: computes wrongly: logprobs is wrong by 1e+0 of its size; the first op that differs is rmsNorm',
    ) as string,
  });
  await expect(examineGpus(patient('webgpu'), model, faulty)).rejects.toMatchObject({ code: 'engine.wrongNumbers' });
});

it('says where the run will compute', async () => {
  expect((await examineGpus(patient('webgpu'), model, machine)).detail).toMatch(/^the run computes on webgpu; webgpu: right/);
  await expect(examineGpus(patient('cuda'), model, machine)).rejects.toBe(missing);
});
