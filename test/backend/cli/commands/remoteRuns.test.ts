/** What the command line makes of a run on a Tinker server: its examination, and its checkpoint as an adapter. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../../../backend/cli/commands/doctor.ts';
import { exportModel } from '../../../../backend/cli/commands/exportModel.ts';
import { runConfigSchema } from '../../../../backend/protocol/runConfig.ts';
import { openStore } from '../../../../backend/store/openStore.ts';
import { runFolder } from '../../../../backend/store/workspaceFolders.ts';
import { openRun } from '../../../../backend/training/openRun.ts';
import { closePolicy } from '../../../../backend/training/policy.ts';
import { train } from '../../../../backend/training/trainer.ts';
import { TinkerServer } from '../../../support/tinkerServer.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let model: string;
let data: string;
let server: TinkerServer;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  model = await tinyModel(at('model'));
  data = await fewProblems(at('problems.jsonl'), 2);
  server = await TinkerServer.start({ model, polls: 0 });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

interface Report {
  readonly isHealthy: boolean;
  readonly findings: readonly { readonly name: string; readonly status: string; readonly detail: string; readonly remedy?: string }[];
}

async function examine(tinker: object, ...set: readonly string[]): Promise<Report> {
  const settings = [`model.path=${model}`, `data.train=${data}`, 'data.heldOut=null', `engine.tinker=${JSON.stringify(tinker)}`, ...set];
  const json = at('report.json');
  await runCommand(doctor, ['--preset', 'demo', '--workspace', at('workspace'), '--json', json, ...settings.flatMap((one) => ['--set', one])]);
  return JSON.parse(await readFile(json, 'utf8')) as Report;
}

const unclipped = 'optimizer.gradientClip=null';

describe('doctor', () => {
  it('says that the server is there, what it serves and what it cannot honor, and creates nothing on it', async () => {
    const { isHealthy, findings } = await examine({ baseUrl: server.url, model: 'tiny', loraRank: 4 }, unclipped, 'switches.entropyCoefficient=0');
    expect(findings.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(isHealthy).toBe(true);
    expect(findings.map(({ name }) => name)).not.toContain('gpu');
    const found = findings.find(({ name }) => name === 'server');
    expect(found).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/answers in \d+ ms; it serves tiny; an adapter of rank 4 .* no entropy bonus/) as string,
    });
    expect(findings.find(({ name }) => name === 'memory')?.detail).toContain(`the model is on ${server.url}`);
    expect(server.calls).not.toContain('create_model');
  });

  it.each([
    ['a run that asks for too much', () => ({ baseUrl: server.url, model: 'tiny' }), ['optimizer.gradientClip=1'], /clipping by our own bound/],
    ['another model', () => ({ baseUrl: server.url, model: 'huge' }), [unclipped], /does not serve huge; it serves tiny/],
    ['nobody', () => ({ baseUrl: 'http://127.0.0.1:9', model: 'tiny' }), [unclipped], /http:\/\/127\.0\.0\.1:9 did not answer create_session/],
  ])(
    'finds %s',
    async (_, tinker, set, says) => {
      const { isHealthy, findings } = await examine(tinker(), 'switches.entropyCoefficient=0', ...set);
      expect(isHealthy).toBe(false);
      expect(findings.filter(({ status }) => status === 'failed')).toEqual([
        expect.objectContaining({ name: 'server', detail: expect.stringMatching(says) as string, remedy: expect.any(String) as string }),
      ]);
    },
    30_000,
  );
});

describe('export', () => {
  it('fetches the adapter of a checkpoint from the server, and says why there are no merged weights', async () => {
    const workspace = at('exported');
    const config = runConfigSchema.parse({
      model: { path: model },
      data: { train: data },
      sampling: { maxTokens: 8 },
      critic: 'verdict',
      switches: { nRollouts: 2, trigger: 'always' },
      optimizer: { gradientClip: null },
      training: { steps: 1, problemsPerStep: 2 },
      evaluation: { every: 0, samples: 1, finalSamples: 1, failureAttempts: 1 },
      engine: { tinker: { baseUrl: server.url, model: 'tiny', loraRank: 4, gradientScale: 'sum' } },
    });
    const store = openStore(workspace);
    store.createRun({ id: 'far', name: 'far', algorithm: config.algorithm, seed: 0, config });
    const entries = { engine: '', grader: '' };
    const run = await openRun({
      ...{ id: 'far', config, store, folder: runFolder(workspace, 'far'), entries, demoFolder: '', threads: 1, observer: {} },
      signal: new AbortController().signal,
    });
    await train(run);
    await closePolicy(run);
    store.close();

    const out = at('adapter');
    const { exitCode, text } = await runCommand(exportModel, ['--workspace', workspace, '--form', 'adapter', '--out', out]);
    expect(exitCode).toBe(0);
    expect(text).toContain('AutoPeftModelForCausalLM');
    expect(await readdir(out)).toEqual(expect.arrayContaining(['adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json']));
    await expect(runCommand(exportModel, ['--workspace', workspace, '--out', at('merged')])).rejects.toMatchObject({
      code: 'export.notRemote',
      remedy: expect.stringContaining('--form adapter') as string,
    });
    expect(server.loadedModels).toBe(0);
  }, 60_000);
});
