/** `eval` and `export` on the checkpoints of real runs. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../../backend/cli/commands/evaluate.ts';
import { exportModel } from '../../../../backend/cli/commands/exportModel.ts';
import { loadParameters, readModelConfig } from '../../../../backend/models/folder.ts';
import { readAdapterConfig } from '../../../../backend/models/adapterConfig.ts';
import { parameterSpecs } from '../../../../backend/models/parameters.ts';
import { openStore } from '../../../../backend/store/openStore.ts';
import { loadTokenizer } from '../../../../backend/text/tokenizer.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel, tinySettings, trainTiny } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let workspace: string;
let model: string;
let data: string;
const runs = { full: '', adapter: '' };

beforeAll(async () => {
  folder = await temporaryFolder();
  workspace = join(folder.path, 'workspace');
  model = await tinyModel(join(folder.path, 'model'));
  data = await fewProblems(join(folder.path, 'problems.jsonl'), 6, 'train.jsonl');
  const settings = tinySettings(model, data);
  runs.full = await trainTiny(workspace, [...settings, 'name="full"']);
  runs.adapter = await trainTiny(workspace, [...settings, 'name="adapter"', 'model.lora={"rank":2,"alpha":4}']);
});
afterAll(() => folder.remove());

const weightsOf = async (path: string): Promise<Map<string, Float32Array>> => {
  const read = await readModelConfig(path);
  return loadParameters(read, parameterSpecs(read.config));
};

/** Pass@1 and tokens of a greedy evaluation: the weights' fingerprint. */
async function greedy(args: readonly string[]): Promise<unknown> {
  const json = join(folder.path, 'greedy.json');
  const { exitCode } = await runCommand(evaluate, [
    ...args,
    '--data',
    data,
    '--temperature',
    '0',
    '--max-tokens',
    '8',
    '--threads',
    '1',
    '--json',
    json,
  ]);
  expect(exitCode).toBe(0);
  const { sets } = JSON.parse(await readFile(json, 'utf8')) as { sets: { tokensSampled: number; all: unknown; neverSolved: unknown }[] };
  return sets.map(({ tokensSampled, all, neverSolved }) => ({ tokensSampled, all, neverSolved }));
}

describe('eval', () => {
  it('scores a checkpoint as the run itself did', async () => {
    const json = join(folder.path, 'eval.json');
    const { text, exitCode } = await runCommand(evaluate, [
      '--run',
      runs.full,
      '--workspace',
      workspace,
      '--samples',
      '2',
      '--threads',
      '1',
      '--json',
      json,
    ]);
    expect(exitCode).toBe(0);
    expect(text).toContain(`${runs.full}, step 2 on problems.jsonl: 6 problems, 2 samples each, temperature 1`);
    const store = openStore(workspace, { readOnly: true });
    const own = store.evaluations(runs.full).find(({ step, set }) => step === 2 && set === 'heldOut');
    store.close();
    const report = JSON.parse(await readFile(json, 'utf8')) as { sets: unknown[] };
    expect(report.sets[0]).toMatchObject({ all: own?.all, byLevel: own?.byLevel, tokensSampled: own?.tokensSampled });
  });

  it('prints a table by level with pass@k and the causes of failures', async () => {
    const { text } = await runCommand(evaluate, ['--run', 'newest', '--workspace', workspace, '--samples', '4', '--threads', '1']);
    expect(text).toMatch(/level +pass@1 \[95 %\] +pass@2 +pass@4 +never solved/);
    expect(text).toMatch(/easy +\d+\.\d % \[\d+\.\d, \d+\.\d\] +\d+\.\d % +\d+\.\d % +\d of 6/);
    expect(text).toMatch(/by cause:\n {2}easy: [a-z ]+ \d+/);
  });

  it('gives each file a table and keeps control characters of its text from the terminal', async () => {
    const hostile = join(folder.path, 'hostile.jsonl');
    await writeFile(hostile, `${JSON.stringify({ prompt: 'Ana has 3 beads.', answer: '3', level: 'bad\u001b[2Jlevel' })}\n`);
    const { text } = await runCommand(evaluate, ['--model', model, '--data', data, hostile, '--samples', '1', '--max-tokens', '4', '--threads', '1']);
    expect(text).toContain('hostile.jsonl: 1 problem, 1 sample each');
    expect(text).toContain('problems.jsonl: 6 problems');
    expect(text).toMatch(/bad.\[2Jlevel/);
    expect(text).not.toContain('\u001b');
  });

  it.each([
    ['a run that is not there', () => ['--run', 'nobody', '--workspace', workspace], 'run.notFound'],
    ['a step that is not there', () => ['--run', runs.full, '--step', '77', '--workspace', workspace], 'checkpoint.notFound'],
    ['a model and a run', () => ['--run', runs.full, '--model', model, '--workspace', workspace], 'config.invalid'],
    ['no model', () => ['--data', data], 'config.incomplete'],
    ['no positive samples', () => ['--model', model, '--data', data, '--samples', '0'], 'config.invalid'],
    ['an unknown verifier', () => ['--model', model, '--data', data, '--verifier', 'oracle'], 'verifier.unknown'],
    ['problems longer than the context', () => ['--model', model, '--data', data, '--max-tokens', '512'], 'prompt.tooLong'],
  ])('refuses %s', async (_what, args, code) => {
    await expect(runCommand(evaluate, args())).rejects.toMatchObject({ code });
  });
});

describe('export', () => {
  it.each(['full', 'adapter'] as const)('writes a folder that answers as the checkpoint of the %s run does', async (name) => {
    const out = join(folder.path, `out-${name}`);
    const { text, exitCode } = await runCommand(exportModel, ['--run', runs[name], '--workspace', workspace, '--out', out]);
    expect(exitCode).toBe(0);
    expect(text).toContain(`AutoModelForCausalLM.from_pretrained(${JSON.stringify(out)})`);
    expect((await readdir(out)).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect((await loadTokenizer(out)).stopTokens.length).toBeGreaterThan(0);
    expect(await weightsOf(out)).not.toEqual(await weightsOf(model));
    expect(await greedy(['--model', out])).toEqual(await greedy(['--run', runs[name], '--workspace', workspace]));
  });

  it('writes the checkpoint of a step, in half precision', async () => {
    const out = join(folder.path, 'step-1');
    await runCommand(exportModel, ['--run', runs.full, '--step', '1', '--dtype', 'bf16', '--workspace', workspace, '--out', out]);
    expect(JSON.parse(await readFile(join(out, 'config.json'), 'utf8'))).toMatchObject({ torch_dtype: 'bfloat16' });
    const checkpoint = await weightsOf(join(workspace, '.critique-grpo/runs', runs.full, 'checkpoints/step-000001'));
    for (const [parameter, values] of await weightsOf(out)) {
      const exact = checkpoint.get(parameter) ?? new Float32Array();
      expect(values.every((value, i) => Math.abs(value - (exact[i] ?? NaN)) <= Math.abs(exact[i] ?? NaN) * 2 ** -8)).toBe(true);
    }
  });

  it('writes an adapter, and refuses one of a run that has none', async () => {
    const out = join(folder.path, 'peft');
    const { text } = await runCommand(exportModel, ['--run', runs.adapter, '--form', 'adapter', '--workspace', workspace, '--out', out]);
    expect(text).toContain('AutoPeftModelForCausalLM');
    expect((await readAdapterConfig(out)).lora).toMatchObject({ rank: 2, alpha: 4 });
    // A PEFT folder is a model to start from; its base is named in it.
    expect(await greedy(['--model', out])).toEqual(await greedy(['--run', runs.adapter, '--workspace', workspace]));
    const none = join(folder.path, 'none');
    const refused = runCommand(exportModel, ['--run', runs.full, '--form', 'adapter', '--workspace', workspace, '--out', none]);
    await expect(refused).rejects.toMatchObject({ code: 'export.noAdapter' });
    await expect(readdir(none)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of an adapter may be gone on with by a run, whose export knows the base again', async () => {
    const [first, second, merged] = ['lora-1', 'lora-2', 'lora-2-merged'].map((name) => join(folder.path, name)) as [string, string, string];
    await runCommand(exportModel, ['--run', runs.adapter, '--form', 'adapter', '--workspace', workspace, '--out', first]);
    const run = await trainTiny(workspace, [...tinySettings(first, data), 'name="onward"']);
    await runCommand(exportModel, ['--run', run, '--form', 'adapter', '--workspace', workspace, '--out', second]);
    expect(await readAdapterConfig(second)).toMatchObject({ base: model, lora: { rank: 2, alpha: 4 } });
    expect(await readFile(join(second, 'adapter_model.safetensors'))).not.toEqual(await readFile(join(first, 'adapter_model.safetensors')));
    await runCommand(exportModel, ['--run', run, '--max-shard-gb', '0.00002', '--workspace', workspace, '--out', merged]);
    expect((await readdir(merged)).filter((name) => name.endsWith('.safetensors')).length).toBeGreaterThan(1);
    expect(await greedy(['--model', merged])).toEqual(await greedy(['--model', second]));
  });

  it('leaves a folder with files alone unless forced, and what the run reads from in any case', async () => {
    const out = join(folder.path, 'peft-again');
    await runCommand(exportModel, ['--run', runs.adapter, '--form', 'adapter', '--workspace', workspace, '--out', out]);
    await writeFile(join(out, 'notes.txt'), 'mine');
    const args = ['--run', runs.adapter, '--workspace', workspace, '--out'];
    await expect(runCommand(exportModel, [...args, out])).rejects.toMatchObject({ code: 'output.notEmpty' });
    await runCommand(exportModel, [...args, out, '--force']);
    expect(await readdir(out)).toEqual(expect.arrayContaining(['notes.txt', 'model.safetensors']));
    expect(await readdir(out)).not.toContain('adapter_config.json');
    await expect(runCommand(exportModel, [...args, model, '--force'])).rejects.toMatchObject({ code: 'export.ontoSource' });
  });
});
