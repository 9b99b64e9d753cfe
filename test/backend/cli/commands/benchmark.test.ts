import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchmark } from '../../../../backend/cli/commands/benchmark.ts';
import { problem } from '../../../support/scriptedRun.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel, tinySettings, trainTiny, type CommandResult } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (path: string): string => join(folder.path, path);
const run = (...args: string[]): Promise<CommandResult> =>
  runCommand(benchmark, ['--threads', '1', '--workspace', folder.path, '--max-tokens', '8', '--out', at('out'), ...args]);
const text = (path: string): Promise<string> => readFile(at(path), 'utf8');

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const name of ['first', 'second']) {
    await mkdir(at(name));
    await tinyModel(at(name));
  }
  const rows = [0, 1, 2].map((i) => ({
    problem: problem(i).prompt[0]?.content,
    answer: problem(i).answer,
    subject: 'Beads',
    level: 1 + (i % 2),
    unique_id: `b/${i}`,
  }));
  await writeFile(at('math.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(at('aime.jsonl'), rows.map(({ problem: question, answer }) => `${JSON.stringify({ problem: question, answer })}\n`).join(''));
});
afterAll(() => folder.remove());

describe('benchmark', () => {
  it('answers each set once a model and keeps tables of all', { timeout: 60_000 }, async () => {
    const first = await run(at('first'), '--sets', `math500=${at('math.jsonl')}`, '--samples', '2', '--json', at('first.json'));
    expect(first.exitCode).toBe(0);
    expect(first.text).toContain('MATH500: 3 problems');
    expect((await readdir(at('out'))).sort()).toEqual(['answers', 'report.md', 'results.csv', 'results.json', 'results.tex']);
    const [kept] = (JSON.parse(await text('first.json')) as { methods: { scores: { problems: number; sampled: object; byLevel: object }[] }[] })
      .methods;
    expect(kept?.scores).toMatchObject([{ set: 'math500', problems: 3, published: 500, sampled: { samples: 2 } }]);
    expect(Object.keys(kept?.scores[0]?.byLevel ?? {})).toEqual(['level 1', 'level 2']);

    const both = await run(at('first'), at('second'), '--sets', `math-500=${at('math.jsonl')},AIME24=${at('aime.jsonl')}`, '--samples', '2');
    expect(both.text).toContain('3 of 3 are answered already');
    expect(both.text).toMatch(/\| method \| MATH500 \| AIME24 \| Avg \|/);
    expect(await text('out/results.tex')).toContain('\\toprule');
    expect((await text('out/results.csv')).split('\r\n')[0]).toBe('method,set,metric,k,seeds,value,low,high,problems,published,failed,truncated');
    expect(await text('out/report.md')).toContain('MATH500 3 of 500, AIME24 3 of 30');
  });

  it.each([
    ['a set without a file', ['m', '--sets', 'math500'], 'config.invalid'],
    ['an unknown set', ['m', '--sets', 'gsm8k=x'], 'benchmark.unknown'],
    ['nothing to answer', ['m', '--sets', 'math500=x', '--no-greedy'], 'config.invalid'],
    ['samples that are all alike', ['m', '--sets', 'math500=x', '--samples', '4', '--temperature', '0'], 'config.invalid'],
    ['a file that is not there', ['m', '--sets', 'math500=none.jsonl', '--out', 'elsewhere'], 'dataset.notFound'],
  ])('refuses %s before a model is loaded', async (_, [model = '', ...args], code) => {
    const out = await temporaryFolder();
    await expect(run(model, '--out', out.path, ...args.filter((arg) => arg !== 'elsewhere' && arg !== '--out'))).rejects.toMatchObject({ code });
    await out.remove();
  });

  it('scores the checkpoints of runs, each by itself', { timeout: 60_000 }, async () => {
    const runId = await trainTiny(folder.path, tinySettings(at('first'), await fewProblems(at('problems.jsonl'), 4)));
    const sets = ['--sets', `math500=${at('math.jsonl')}`, '--out', at('runs')];
    const { text: shown } = await run(runId, `${runId}@1`, 'newest', ...sets);
    expect(shown).toContain(`${runId}@2  MATH500: 3 problems`);
    // The newest is the first one again.
    expect(shown.match(/3 of 3 are answered already/g)).toHaveLength(1);
    const { methods } = JSON.parse(await text('runs/results.json')) as { methods: { label: string }[] };
    expect(methods.map(({ label }) => label)).toEqual([`${runId}@2`, `${runId}@1`]);
    await expect(run(`${runId}@9`, ...sets)).rejects.toMatchObject({ code: 'checkpoint.notFound' });
  });

  it('refuses to mix settings in one table', async () => {
    await expect(run(at('first'), '--sets', `math500=${at('math.jsonl')}`, '--samples', '3')).rejects.toMatchObject({
      code: 'benchmark.otherSettings',
    });
  });
});
