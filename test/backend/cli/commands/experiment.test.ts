import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { experiment } from '../../../../backend/cli/commands/experiment.ts';
import type { Problem } from '../../../../backend/protocol/records.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel, type CommandResult } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const at = (path: string): string => join(folder.path, path);
const run = (...args: string[]): Promise<CommandResult> =>
  runCommand(experiment, [at('tiny.experiment.json'), '--threads', '1', '--workspace', folder.path, ...args]);

beforeAll(async () => {
  folder = await temporaryFolder();
  await tinyModel(at('model'));
  await fewProblems(at('problems.jsonl'), 4);
  // A run file of its own, whose paths are from its folder as those of the experiment are.
  await writeFile(
    at('base.cgrpo.json'),
    '{ "model": { "path": "model" }, "sampling": { "maxTokens": 12 }, /* few */ "training": { "steps": 2, "problemsPerStep": 2 } }',
  );
  const set = { 'data.train': 'problems.jsonl', 'data.heldOut': 'problems.jsonl', 'evaluation.finalSamples': 1, 'evaluation.failureAttempts': 1 };
  const [first, second] = (await readFile(at('problems.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Problem);
  const rows = [first, second].map((row) => JSON.stringify({ problem: row?.prompt[0]?.content, answer: row?.answer, unique_id: row?.id }));
  await writeFile(at('math500.jsonl'), `${rows.join('\n')}\n`);
  await writeFile(
    at('tiny.experiment.json'),
    JSON.stringify({
      name: 'tiny',
      base: { preset: 'demo', file: 'base.cgrpo.json', set },
      axes: { 'switches.nRollouts': [2, 3] },
      seeds: [4],
      benchmarks: { sets: { math500: 'math500.jsonl' }, samples: 2 },
      rescue: { critics: ['verdict', 'resample'], attempts: 1 },
    }),
  );
});
afterAll(() => folder.remove());

describe('experiment', () => {
  it('says what it would run', async () => {
    const { text, exitCode } = await run('--plan');
    expect(text).toBe('tiny: 2 cells × 1 seed = 2 runs, 4 steps\n  switches.nRollouts: 2, 3\n    1  n 2\n    2  n 3\n');
    expect(exitCode).toBe(0);
    expect(await readdir(folder.path)).not.toContain('.critique-grpo');
  });

  it('trains every cell of a real engine, and does not train it twice', { timeout: 60_000 }, async () => {
    const first = await run('--json', at('out.json'));
    expect(first.text).toContain('run 2/2  n 3, seed 4');
    expect(first.exitCode).toBe(0);
    const { cells } = JSON.parse(await readFile(at('out.json'), 'utf8')) as { cells: { label: string; seeds: { after: number }[] }[] };
    expect(cells.map(({ label, seeds }) => [label, seeds.length])).toEqual([
      ['n 2', 1],
      ['n 3', 1],
    ]);
    const report = await readFile(at('.critique-grpo/experiments/tiny/report/report.md'), 'utf8');
    for (const part of ['| n 3 | MATH500 | avg@2 |', '| n 2 | resample | 100.0 | 4 | 100.0 |']) expect(report).toContain(part);
    const again = await run();
    expect(again.text).toContain('2 of 2 runs are done already.');
    expect(again.text).not.toContain('run 1/2');
    expect((await run('--report')).text).toContain('| n 2 | 1 |');
  });

  it('writes a ready experiment to a new file', async () => {
    const written = await runCommand(experiment, [at('new.experiment.json'), '--template', 'plateau']);
    expect(written.exitCode).toBe(0);
    expect((await runCommand(experiment, [at('new.experiment.json'), '--plan'])).text).toContain('plateau: 6 cells × 3 seeds = 18 runs, 2,880 steps');
    await expect(runCommand(experiment, [at('new.experiment.json'), '--template', 'plateau'])).rejects.toMatchObject({ code: 'output.notEmpty' });
    await expect(runCommand(experiment, [at('other.json'), '--template', 'table-9'])).rejects.toMatchObject({ code: 'config.unknownTemplate' });
  });

  it.each([
    ['a file that is not there', 'none.json', '', 'config.notFound'],
    ['a setting that there is none of', 'bad.json', '{"name": "x", "base": {"preset": "demo"}, "axes": {"switches.gamma": [1]}}', 'config.invalid'],
    ['a key that there is none of', 'bad.json', '{"name": "x", "base": {"preset": "demo"}, "axis": {}}', 'experiment.invalid'],
  ])('refuses %s', async (_, name, content, code) => {
    if (content !== '') await writeFile(at(name), content);
    await expect(runCommand(experiment, [at(name), '--workspace', folder.path])).rejects.toMatchObject({ code });
  });
});
