/** `pretrain` writes a complete model folder that depends on its seed alone. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../../backend/cli/commands/evaluate.ts';
import { pretrain } from '../../../../backend/cli/commands/pretrain.ts';
import { demoFolder, fewProblems, runCommand, temporaryFolder } from './harness.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => void (folder = await temporaryFolder()));
afterAll(() => folder.remove());

const build = async (name: string, seed: string): Promise<string> => {
  const out = join(folder.path, name);
  const { exitCode, text } = await runCommand(pretrain, ['--out', out, '--seed', seed, '--updates', '3', '--documents', '4', '--threads', '1']);
  expect(exitCode).toBe(0);
  expect(text).toMatch(/update 3\/3 {2}loss \d\.\d{4}/);
  return out;
};

describe('pretrain', () => {
  it('makes the same complete folder of the same seed, and another of another', async () => {
    const [first, again, other] = [await build('first', '0'), await build('again', '0'), await build('other', '1')];
    const files = (await readdir(join(demoFolder, 'model'))).sort();
    expect((await readdir(first)).sort()).toEqual(files);
    const weights = await Promise.all([first, again, other].map((path) => readFile(join(path, 'model.safetensors'))));
    expect(weights[0]?.equals(weights[1] as Buffer)).toBe(true);
    expect(weights[0]?.equals(weights[2] as Buffer)).toBe(false);
    for (const name of files.filter((file) => file.endsWith('.json'))) {
      expect(JSON.parse(await readFile(join(first, name), 'utf8'))).toEqual(JSON.parse(await readFile(join(demoFolder, 'model', name), 'utf8')));
    }
    const data = await fewProblems(join(folder.path, 'problems.jsonl'), 2);
    const { exitCode } = await runCommand(evaluate, ['--model', first, '--data', data, '--samples', '1', '--max-tokens', '4', '--threads', '1']);
    expect(exitCode).toBe(0);
  });

  it('refuses before it works', async () => {
    await expect(runCommand(pretrain, ['--out', join(demoFolder, 'model')])).rejects.toMatchObject({ code: 'output.notEmpty' });
    const out = join(folder.path, 'never');
    await expect(runCommand(pretrain, ['--out', out, '--preset', 'paper'])).rejects.toMatchObject({ code: 'config.unknownPreset' });
    await expect(runCommand(pretrain, ['--out', out, '--updates', '0'])).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(runCommand(pretrain, ['--out', out, '--seed', 'x'])).rejects.toMatchObject({ code: 'config.invalid' });
    await expect(readdir(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
