/** What `doctor` finds in a sound run, and in runs with one fault each. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../../../backend/cli/commands/doctor.ts';
import { openStore } from '../../../../backend/store/openStore.ts';
import { changeJson } from '../../models/folders.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let model: string;
let data: string;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  model = await tinyModel(at('model'));
  data = await fewProblems(at('problems.jsonl'), 6);
});
afterAll(() => folder.remove());

interface Report {
  readonly isHealthy: boolean;
  readonly findings: readonly { readonly name: string; readonly status: string; readonly detail: string; readonly remedy?: string }[];
  readonly speed: { readonly sampled: number; readonly trained: number; readonly stepSeconds: number; readonly runSeconds: number } | null;
}

async function examine(args: readonly string[]): Promise<{ report: Report; text: string; exitCode: number | undefined }> {
  const json = at('report.json');
  const settings = ['--preset', 'demo', '--threads', '1', '--set', 'data.heldOut=null', '--set', 'sampling.maxTokens=16'];
  const result = await runCommand(doctor, [...settings, '--workspace', at('workspace'), '--json', json, ...args]);
  return { ...result, report: JSON.parse(await readFile(json, 'utf8')) as Report };
}

describe('doctor', () => {
  it('finds a sound run sound, in order, and says how long it will take', async () => {
    const { report, text, exitCode } = await examine(['--model', model, '--data', data]);
    expect(exitCode).toBe(0);
    expect(report.isHealthy).toBe(true);
    const names = ['node', 'engine', 'model', 'gpu', 'tokenizer', 'data', 'verifier', 'prompts', 'critic', 'memory', 'disk', 'store', 'speed'];
    expect(report.findings.map(({ name }) => name)).toEqual(names);
    expect(report.findings.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(report.speed?.sampled).toBeGreaterThan(0);
    expect(report.speed?.trained).toBeGreaterThan(0);
    expect(text).toMatch(/^✓ node /);
    expect(text).toMatch(/✓ speed +[\d,]+ tokens\/s sampled, [\d,]+ tokens\/s trained; a step takes about .*, 160 steps about \d/);
    expect(text).toMatch(/! data +train 6 \(easy 6\), no held-out set/);
  });

  interface Fault {
    readonly name: string;
    readonly check: string;
    readonly says: RegExp;
    make(): Promise<readonly string[]>;
  }
  const brokenModel = async (name: string, break_: (path: string) => Promise<void>): Promise<string[]> => {
    await cp(model, at(name), { recursive: true });
    await break_(at(name));
    return ['--model', at(name), '--data', data];
  };
  const rows = async (name: string, lines: readonly unknown[]): Promise<string[]> => {
    await writeFile(at(name), `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`);
    return ['--model', model, '--data', at(name)];
  };
  const faults: readonly Fault[] = [
    {
      name: 'a missing model',
      check: 'model',
      says: /nowhere\/config\.json cannot be read/,
      make: async () => ['--model', at('nowhere'), '--data', data],
    },
    {
      name: 'a foreign architecture',
      check: 'model',
      says: /of type "mamba"/,
      make: () => brokenModel('mamba', (path) => changeJson(join(path, 'config.json'), (json) => ({ ...json, model_type: 'mamba' }))),
    },
    {
      name: 'a vocabulary larger than the embedding',
      check: 'tokenizer',
      says: /216 tokens; the model has embeddings for 100/,
      make: () => brokenModel('small', (path) => changeJson(join(path, 'config.json'), (json) => ({ ...json, vocab_size: 100 }))),
    },
    {
      name: 'a broken row',
      check: 'data',
      says: /broken\.jsonl:2/,
      make: () => rows('broken.jsonl', [{ prompt: 'Ana has 3 beads.', answer: '3' }, '{"prompt": ']),
    },
    {
      name: 'rows without the solution that the critic needs',
      check: 'data',
      says: /problem line-1 .* has none/,
      make: () => rows('bare.jsonl', [{ prompt: 'Ana has 3 beads.', answer: '3' }]),
    },
    {
      name: 'answers that the verifier does not know',
      check: 'verifier',
      says: /misses 1 of 1 gold answers, first "three beads"/,
      make: async () => [...(await rows('words.jsonl', [{ prompt: 'Ana has 3 beads.', answer: 'three beads' }])), '--critic', 'verdict'],
    },
    {
      name: 'prompts without room for an answer',
      check: 'prompts',
      says: /of 512/,
      make: async () => ['--model', model, '--data', data, '--set', 'sampling.maxTokens=512'],
    },
    {
      name: 'more memory than any machine has',
      check: 'memory',
      says: /about [\d.]+ TB of .*; training [\d.]+ TB with all weights, [\d.]+ TB with an adapter of rank 16; rollouts/,
      make: async () => ['--model', model, '--data', data, '--set', 'training.microBatchTokens=1000000000'],
    },
    {
      name: 'weights that do not belong to the configuration',
      check: 'speed',
      says: /shape/,
      make: () => brokenModel('narrow', (path) => changeJson(join(path, 'config.json'), (json) => ({ ...json, intermediate_size: 48 }))),
    },
  ];
  it.each(faults)('names $name, with a remedy', async ({ check, says, make }) => {
    const { report, exitCode, text } = await examine(await make());
    expect(exitCode).toBe(1);
    expect(report.isHealthy).toBe(false);
    const failed = report.findings.filter(({ status }) => status === 'failed');
    expect(failed.map(({ name }) => name)).toEqual([check]);
    expect(failed[0]?.detail).toMatch(says);
    expect(failed[0]?.remedy).toMatch(/\w/);
    expect(text).toMatch(/1 of 13 checks failed/);
  });

  it('sees that another process writes the store', async () => {
    const store = openStore(at('busy'));
    try {
      const { report } = await examine(['--model', at('nowhere'), '--data', data, '--workspace', at('busy')]);
      expect(report.findings.find(({ name }) => name === 'store')).toMatchObject({
        status: 'failed',
        detail: expect.stringContaining('busy') as string,
      });
    } finally {
      store.close();
    }
  });

  it('is told apart from wrong usage', async () => {
    await expect(runCommand(doctor, ['--data', data])).rejects.toMatchObject({ code: 'config.incomplete' });
    await expect(runCommand(doctor, ['--preset', 'nothing'])).rejects.toMatchObject({ code: 'config.unknownPreset' });
  });
});
