/** Where a run computes: as asked or not at all, and on a GPU of its own accord only where that is right and clearly faster. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { ProviderName } from '../../../backend/engine/local/providers.ts';
import type { SpeedTrial } from '../../../backend/engine/local/speedTrial.ts';
import { chooseProviders, requireRight, type Machine } from '../../../backend/training/engineProviders.ts';
import { readRunEngine, writeRunEngine } from '../../../backend/training/runEngine.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { writeFileSync } from 'node:fs';

const missing = new WorkbenchError({ code: 'engine.noProvider', message: 'No adapter.', remedy: 'Install a driver.' });
const right = { ok: true, maxRelativeError: 2e-6, worst: 'logprobs', seconds: 1, repeats: true };
const wrong = { ok: false, maxRelativeError: 1.09, worst: 'gradient:finalNorm in training', seconds: 1, op: 'rmsNorm' };

interface Fake {
  readonly gpus?: readonly ProviderName[];
  readonly mayHaveGpu?: boolean;
  readonly checks?: Partial<Record<ProviderName, typeof right | typeof wrong | Error>>;
  readonly speeds?: Partial<Record<ProviderName, SpeedTrial>>;
}

function machine({ gpus = ['webgpu', 'cuda'], mayHaveGpu = true, checks = {}, speeds = {} }: Fake): Machine & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    mayHaveGpu,
    gpus,
    asked,
    check(provider) {
      asked.push(`check ${provider}`);
      const result = checks[provider] ?? missing;
      return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
    },
    speed(provider) {
      asked.push(`speed ${provider}`);
      return Promise.resolve(speeds[provider] ?? { trained: 100, sampled: 100 });
    },
  };
}

describe('auto', () => {
  it('asks nothing of a machine without a GPU', async () => {
    const laptop = machine({ mayHaveGpu: false });
    expect(await chooseProviders('auto', laptop)).toEqual({ training: 'cpu', sampling: 'cpu' });
    expect(laptop.asked).toEqual([]);
  });

  it('has nothing to say where no provider finds a GPU', async () => {
    expect(await chooseProviders('auto', machine({}))).toEqual({ training: 'cpu', sampling: 'cpu' });
  });

  it.each([
    {
      trained: 1000,
      sampled: 500,
      training: 'webgpu',
      sampling: 'webgpu',
      says: /on webgpu: .*trains at 10\.0 times and samples at 5\.0 times the CPU/,
    },
    { trained: 1000, sampled: 110, training: 'webgpu', sampling: 'cpu', says: /on webgpu, sampling on cpu: / },
    { trained: 149, sampled: 20, training: 'cpu', sampling: 'cpu', says: /on the CPU: .*webgpu trains at 1\.5 times and samples at 0\.2 times/ },
  ])('takes a GPU for what it is faster at: $trained, $sampled', async ({ trained, sampled, training, sampling, says }) => {
    const choice = await chooseProviders('auto', machine({ checks: { webgpu: right }, speeds: { webgpu: { trained, sampled } } }));
    expect(choice).toEqual({ training, sampling, reason: expect.stringMatching(says) as string });
  });

  it('samples on the CPU where weights would travel at each token', async () => {
    const choice = await chooseProviders('auto', machine({ checks: { cuda: right }, speeds: { cuda: { trained: 1000, sampled: 1000 } } }));
    expect(choice).toMatchObject({ training: 'cuda', sampling: 'cpu' });
  });

  it('passes over a GPU that computes wrongly, and says which op and how much', async () => {
    const reason = expect.stringMatching(
      /on the CPU\. webgpu computes wrongly: gradient:finalNorm in training is wrong by 1e\+0 .*first op that differs is rmsNorm/,
    ) as string;
    expect(await chooseProviders('auto', machine({ checks: { webgpu: wrong } }))).toEqual({ training: 'cpu', sampling: 'cpu', reason });
  });

  it('passes over one that does not repeat', async () => {
    const choice = await chooseProviders(
      'auto',
      machine({ checks: { webgpu: { ...right, repeats: false } }, speeds: { webgpu: { trained: 1000, sampled: 1000 } } }),
    );
    expect(choice).toMatchObject({ training: 'cpu', reason: expect.stringContaining('On webgpu a second run differs') as string });
  });

  it('passes over one whose check dies', async () => {
    const died = new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: '' });
    expect(
      (await chooseProviders('auto', machine({ checks: { webgpu: died, cuda: right }, speeds: { cuda: { trained: 500, sampled: 1 } } }))).training,
    ).toBe('cuda');
  });
});

describe('a provider that is asked for', () => {
  it('is taken without a race', async () => {
    const asked = machine({ checks: { webgpu: right } });
    expect(await chooseProviders('webgpu', asked)).toEqual({
      training: 'webgpu',
      sampling: 'webgpu',
      reason: 'The engine runs on webgpu, as asked.',
    });
    expect(new Set(asked.asked)).toEqual(new Set(['check webgpu']));
    const unsteady = await chooseProviders('webgpu', machine({ checks: { webgpu: { ...right, repeats: false } } }));
    expect(unsteady.reason).toMatch(/as asked\. On webgpu a second run differs/);
  });

  it.each([
    { check: missing, code: 'engine.noProvider', says: /No adapter/ },
    { check: wrong, code: 'engine.wrongNumbers', says: /webgpu computes wrongly on this machine: .*rmsNorm/ },
  ])('is not replaced by another: $code', async ({ check, code, says }) => {
    const choice = chooseProviders('webgpu', machine({ checks: { webgpu: check } }));
    await expect(choice).rejects.toMatchObject({ code, message: expect.stringMatching(says) as string });
  });

  it('is checked again where a run goes on', async () => {
    const asked = machine({ checks: { cuda: right } });
    await requireRight({ training: 'cuda', sampling: 'cpu' }, asked);
    expect(asked.asked).toEqual(['check cuda']);
  });
});

describe('what a run computes with', () => {
  it.each([
    { threads: 3, providers: { training: 'cpu', sampling: 'cpu' } },
    { threads: 1, providers: { training: 'cuda', sampling: 'cpu' } },
    { threads: 2, providers: { training: 'webgpu', sampling: 'webgpu' } },
  ] as const)('is kept: %o', async (engine) => {
    const folder = `${temporaryFolder()}/run`;
    expect(await readRunEngine(folder)).toBeUndefined();
    await writeRunEngine(folder, engine);
    expect(await readRunEngine(folder)).toEqual(engine);
  });

  it.each([
    { text: '{"threads": 2}', engine: { threads: 2, providers: { training: 'cpu', sampling: 'cpu' } } },
    { text: '{"threads": 2, "provider": "abacus"}', engine: null },
    { text: '{"threads": 0}', engine: null },
    { text: '{"thr', engine: null },
  ])('is read from $text', async ({ text, engine }) => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/engine.json`, text);
    if (engine === null) await expect(readRunEngine(folder)).rejects.toMatchObject({ code: 'run.damaged' });
    else expect(await readRunEngine(folder)).toEqual(engine);
  });
});
