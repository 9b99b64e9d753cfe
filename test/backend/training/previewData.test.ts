/** What people see of their data before a run, on the command line and over the wire. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { main } from '../../../backend/cli/main.ts';
import type { DataPreview } from '../../../backend/protocol/dataViews.ts';
import { previewData, resolveDataSource } from '../../../backend/training/previewData.ts';
import { planRun } from '../../../backend/training/plan.ts';
import { resolveRunSource } from '../../../backend/training/runFile.ts';
import { demoFolder, problems, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const fixtures = join(root, 'test/fixtures/parquet');
const grader = join(root, 'dist/grader.js');

function preview(overrides: Record<string, string | number | null>, verifiers = ['numeric']): Promise<DataPreview> {
  const config = resolveDataSource({ overrides });
  return previewData(config, { demoFolder, grader, mayRunFunctions: false, verifiers, signal: new AbortController().signal });
}

describe('the preview', () => {
  it('of a folder of shards says what it read and how it is divided', async () => {
    const shown = await preview({ 'data.train': join(fixtures, 'shards'), 'data.split.fraction': 0.25, 'data.seed': 3, 'model.path': 'demo:model' }, [
      'numeric',
      'choice',
    ]);
    expect(shown).toMatchObject({
      problem: null,
      layout: 'verl',
      fields: { id: 'extra_info.index', prompt: 'prompt', answer: 'reward_model.ground_truth', level: 'data_source' },
      lines: [
        '40 problems of train-00000-of-00004.parquet and 3 more files read as verl: id from extra_info.index, prompt from prompt, answer from reward_model.ground_truth, level from data_source',
        '10 problems of them held out by data.split, seed 3',
      ],
      trainProblems: 30,
      heldOutProblems: 10,
      levels: [
        { level: 'easy', train: 15, heldOut: 5 },
        { level: 'hard', train: 15, heldOut: 5 },
      ],
      brokenRows: { total: 0, first: [] },
      verifiers: [
        { name: 'numeric', tested: 40, missed: 0, examples: [] },
        { name: 'choice', tested: 40, missed: 40 },
      ],
      warnings: [],
    });
    expect(shown.files.map(({ format }) => format)).toEqual(['parquet', 'parquet', 'parquet', 'parquet']);
    expect(shown.columns).toContainEqual({ name: 'reward_model.ground_truth', example: '15' });
    expect(shown.promptTokens?.counted).toBe(40);
    expect(shown.promptTokens?.bars.reduce((sum, { count }) => sum + count, 0)).toBe(40);
  });

  it('lists broken rows, and says that a run would stop at them', async () => {
    const shown = await preview({ 'data.train': join(fixtures, 'not-utf8.parquet') });
    expect(shown.brokenRows).toEqual({
      total: 1,
      first: [{ place: `${join(fixtures, 'not-utf8.parquet')} row 2`, reason: '"question" is not valid UTF-8 or JSON' }],
    });
    expect(shown.warnings[0]).toMatch(/would stop at the first broken row/);
    expect((await preview({ 'data.train': join(fixtures, 'not-utf8.parquet'), 'data.onBrokenRow': 'skip' })).warnings).toHaveLength(1);
  });

  it('of a file that is not understood gives its columns to choose from', async () => {
    const train = join(fixtures, 'types.parquet');
    const shown = await preview({ 'data.train': train });
    expect(shown).toMatchObject({ problem: { code: 'dataset.unknownLayout' }, layout: null, trainProblems: 0 });
    expect(shown.columns).toContainEqual({ name: 'text', example: 'naïve “π” \u2028 😀' });
    const mapped = await preview({ 'data.train': train, 'data.columns.prompt': 'text', 'data.columns.answer': 'big' });
    expect(mapped).toMatchObject({
      problem: null,
      layout: 'columns',
      trainProblems: 1,
      examples: [{ answer: '1152921504606846977' }],
      brokenRows: { total: 1 },
    });
  });

  it('runs no program of a workspace that is not trusted', async () => {
    const folder = temporaryFolder();
    const train = writeProblems(join(folder, 'train.jsonl'), problems(2));
    writeFileSync(join(folder, 'reward.mjs'), "import { writeFileSync } from 'node:fs'; writeFileSync(new URL('ran', import.meta.url), '');");
    expect((await preview({ 'data.train': train }, [join(folder, 'reward.mjs')])).verifiers).toEqual([]);
    expect(() => readFileSync(join(folder, 'ran'))).toThrow(/ENOENT/);
  });
});

describe('critique-grpo data', () => {
  async function run(...argv: string[]): Promise<{ code: number; text: string }> {
    let text = '';
    const output = { write: (part: string) => void (text += part), isTerminal: false, hasColor: false, columns: () => 80 };
    const files = { entries: { engine: '', grader }, demoFolder, packageFile: join(root, 'package.json') };
    const code = await main(['node', 'critique-grpo', 'data', ...argv], files, output);
    process.exitCode = 0;
    return { code, text };
  }

  it('shows a file, with hostile text made harmless', async () => {
    const path = join(temporaryFolder(), 'x.csv');
    writeFileSync(path, 'question,answer\n"Red \u001b[31mtext?",#### 1\nWhat is 3?,#### 3\nWhat?,\n');
    const json = join(temporaryFolder(), 'made', 'preview.json');
    const { code, text } = await run(path, '--json', json, '--model', 'demo:model');
    expect(code).toBe(0);
    expect(text).toMatch(/2 problems of x\.csv read as gsm8k: prompt from question, answer from answer \(after ####\)/);
    expect(text).toContain('Red ␛[31mtext?');
    expect(text).toMatch(/✓ numeric recognizes all of 2 gold answers/);
    expect(text).not.toContain('choice misses');
    expect(text).toMatch(/1 broken row:\n {2}.*x\.csv:4: "answer" is missing/);
    expect(text).toMatch(/prompts of \d+ to \d+ tokens/);
    expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ layout: 'gsm8k', trainProblems: 2 });
  });

  it('shows a run file without a model, relative to its folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sets'));
    writeProblems(join(folder, 'sets/train.jsonl'), problems(6));
    writeFileSync(join(folder, 'my.cgrpo.json'), '{ "data": { "train": "sets/train.jsonl", "split": { "count": 2 } } }');
    const { code, text } = await run(join(folder, 'my.cgrpo.json'));
    expect(code).toBe(0);
    expect(text).toMatch(/6 problems of train\.jsonl[^]*\n2 problems of them held out/);
  });

  it('fails for a file that is not understood, and shows its columns', async () => {
    const { code, text } = await run(join(fixtures, 'types.parquet'));
    expect(code).toBe(1);
    expect(text).toMatch(/Say which it is[^]*price {5}12\.3/);
  });
});

it('the plan of a run says how its data was read, and warns of questions that are nearly the same', async () => {
  const folder = temporaryFolder();
  const words = Array.from({ length: 60 }, (_, i) => `word${String.fromCharCode(97 + (i % 26))}${String.fromCharCode(97 + (i % 25))}`).join(' ');
  const long = (id: string, end: string) => ({ id, prompt: [{ role: 'user' as const, content: `${words} ${end}` }], answer: '1', level: 'x' });
  const train = writeProblems(
    join(folder, 'train.jsonl'),
    [...problems(8), problems(1)[0] ?? long('', ''), long('t', 'one')].map((each, i) => ({ ...each, id: `t${i}` })),
  );
  const heldOut = writeProblems(join(folder, 'heldOut.jsonl'), [long('h', 'two')]);
  const overrides = { 'data.train': train, 'data.heldOut': heldOut, 'data.filter.distinct': false, critic: 'verdict', 'sampling.maxTokens': 16 };
  const plan = await planRun(resolveRunSource({ preset: 'demo', overrides }), { demoFolder, available: 1e12 });
  expect(plan.data).toEqual([
    expect.stringMatching(/^10 problems of train\.jsonl read as workbench/),
    expect.stringMatching(/^held out: 1 problem of heldOut\.jsonl/),
  ]);
  expect(plan.warnings).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/1 training problem asks what an earlier one asks/),
      expect.stringMatching(/1 held-out problem is nearly the same as a training problem, for example h as t9/),
    ]),
  );
});
