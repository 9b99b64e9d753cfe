import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../../../backend/experiments/comparison.ts';
import { compare } from '../../../../backend/cli/commands/compare.ts';
import { fewProblems, runCommand, temporaryFolder, tinyModel, tinySettings, type CommandResult } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let settings: string[];
const at = (path: string): string => join(folder.path, path);
const run = (...args: string[]): Promise<CommandResult> =>
  runCommand(compare, [
    '--preset',
    'demo',
    '--steps',
    '2',
    '--threads',
    '1',
    '--out',
    at('out'),
    ...settings.flatMap((set) => ['--set', set]),
    ...args,
  ]);
const results = async (path: string): Promise<Comparison> => JSON.parse(await readFile(at(path), 'utf8')) as Comparison;

beforeAll(async () => {
  folder = await temporaryFolder();
  settings = tinySettings(await tinyModel(at('model')), await fewProblems(at('problems.jsonl'), 4));
});
afterAll(() => folder.remove());

describe('compare', () => {
  it('trains every variant, keeps what came of it, and does not train it twice', { timeout: 60_000 }, async () => {
    const first = await run('--algorithms', 'grpo,critique-grpo', '--seeds', '1', '--json', at('first.json'));
    expect(first.exitCode).toBe(0);
    expect(first.text).toContain('run 2/2  critique-grpo, seed 0');
    expect((await readdir(at('out'))).sort()).toEqual(['.critique-grpo', 'curves.svg', 'report.md', 'results.json']);
    const known = await results('out/results.json');
    expect(known.results.map(({ label, seed }) => [label, seed])).toEqual([
      ['grpo', 0],
      ['critique-grpo', 0],
    ]);
    expect(known.results.map(({ curve }) => curve.map(({ step }) => step))).toEqual([
      [0, 2],
      [0, 2],
    ]);
    expect(await results('first.json')).toEqual(known);

    const grown = await run('--algorithms', 'grpo', '--seeds', '1', '--first-seed', '5');
    expect(grown.text).toContain('run 1/1  grpo, seed 5');
    const again = await run('--algorithms', 'grpo,critique-grpo', '--seeds', '1');
    expect(again.text).toContain('2 of 2 runs are done already.');
    expect(again.text).not.toContain('run 1/2');
    expect((await results('out/results.json')).results.map(({ label, seed }) => [label, seed])).toEqual([
      ['grpo', 0],
      ['critique-grpo', 0],
      ['grpo', 5],
    ]);

    await expect(run('--algorithms', 'grpo', '--steps', '3')).rejects.toMatchObject({ code: 'comparison.otherSettings' });
  });

  it.each([
    ['a seed', ['--seed', '1'], 'config.invalid'],
    ['a workspace', ['--workspace', 'elsewhere'], 'config.invalid'],
    ['no seeds', ['--seeds', '0'], 'config.invalid'],
    ['an unknown weighting', ['--weightings', 'heavy'], 'config.invalid'],
    ['an unknown algorithm', ['--algorithms', 'grpo,ppo'], 'algorithm.unknown'],
    ['no held-out problems', ['--set', 'data.heldOut=null'], 'config.incomplete'],
  ])('refuses %s before anything is trained', async (_, args, code) => {
    await expect(run(...args)).rejects.toMatchObject({ code });
  });

  it('refuses results that it cannot read', async () => {
    const out = await temporaryFolder();
    await writeFile(join(out.path, 'results.json'), '[]');
    await expect(run('--out', out.path)).rejects.toMatchObject({ code: 'comparison.damaged' });
    await out.remove();
  });
});
