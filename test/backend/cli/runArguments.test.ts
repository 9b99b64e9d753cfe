import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine, resolveRunConfig, threadsOf, type RunArguments } from '../../../backend/cli/runArguments.ts';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { presets } from '../../../backend/training/presets.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const demo = (options: Partial<RunArguments> = {}): RunArguments => ({ preset: 'demo', set: [], workspace: '.', threads: '1', ...options });
const withoutPreset: RunArguments = { set: [], workspace: '.', threads: '1' };

function runFile(text: string): string {
  const path = join(temporaryFolder(), 'my.cgrpo.json');
  writeFileSync(path, text);
  return path;
}

describe('the configuration of a run', () => {
  it('is that of the preset with every default filled in', async () => {
    expect(await resolveRunConfig(undefined, demo())).toEqual(runConfigSchema.parse(presets.demo.config));
  });

  it('is overridden by the file, then by options, then by --set, the last one winning', async () => {
    const path = runFile(`{
      // comments and a trailing comma are fine
      "seed": 3, "training": { "steps": 7 }, "sampling": { "maxTokens": 9, "topK": 5 },
    }`);
    const config = await resolveRunConfig(path, demo({ steps: '8', set: ['sampling.maxTokens=10', 'seed=4', 'seed=5', 'name=mine'] }));
    expect(config).toMatchObject({ seed: 5, name: 'mine', training: { steps: 8, problemsPerStep: 8 }, sampling: { maxTokens: 10, topK: 5 } });
  });

  it.each([
    ['optimizer.learningRate=1e-3', { optimizer: { learningRate: 1e-3 } }],
    ['optimizer.gradientClip=null', { optimizer: { gradientClip: null } }],
    ['training.layerCheckpointing=true', { training: { layerCheckpointing: true } }],
    ['model.lora={"rank":4}', { model: { path: 'demo:model', lora: { rank: 4, alpha: 32 } } }],
    ['prompt.suffix= a=b', { prompt: { suffix: ' a=b' } }],
    ['switches.clipHigh=0.28', { switches: { clipHigh: 0.28, trigger: 'anyWrong' } }],
  ])('takes --set %s', async (setting, expected) => {
    expect(await resolveRunConfig(undefined, demo({ set: [setting] }))).toMatchObject(expected);
  });

  it.each([
    ['an unknown preset', demo({ preset: 'dmeo' }), 'config.unknownPreset', /"dmeo".*\n {2}demo .*\n {2}paper/s],
    ['no model', withoutPreset, 'config.incomplete', /no model.*--preset demo/s],
    [
      'a misspelled setting',
      demo({ set: ['optimizer.learningrate=1'] }),
      'config.invalid',
      /optimizer\.learningrate: there is no such setting; .*learningRate,/,
    ],
    ['a misspelled group', demo({ set: ['optimiser.learningRate=1'] }), 'config.invalid', /optimiser: there is no such setting; .*optimizer,/],
    ['a misspelled part of an adapter', demo({ set: ['model.lora.rnk=1'] }), 'config.invalid', /model\.lora\.rnk: .*rank, alpha, targets/],
    ['a setting of the wrong type', demo({ steps: 'many' }), 'config.invalid', /training\.steps: .*expected number/],
    ['a setting out of range', demo({ seed: '-1' }), 'config.invalid', /seed: .*>=0/],
    ['a value that is no choice', demo({ set: ['switches.trigger=never'] }), 'config.invalid', /switches\.trigger: .*"allWrong"/],
    ['a part of what has no parts', demo({ set: ['seed.x=1'] }), 'config.invalid', /seed: .*expected number/],
    ['a setting without a value', demo({ set: ['seed'] }), 'config.invalid', /key=value/],
    ['an inherited name', demo({ set: ['__proto__.polluted=1'] }), 'config.invalid', /polluted/],
  ])('refuses %s', async (_what, options, code, message) => {
    const error: unknown = await resolveRunConfig(undefined, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['{\n "training": {\n  "steps": 0,\n  "stepz": 1 } }', [/:3 training\.steps: .*>0/, /:4 training\.stepz: there is no such setting/]],
    ['{\n "seed": 1\n "name": "x" }', [/my\.cgrpo\.json:3: CommaExpected/]],
    ['[1]', [/my\.cgrpo\.json: it holds no JSON object/]],
    ['', [/my\.cgrpo\.json:1: /]],
  ])('names file and line of what is wrong in %j', async (text, messages) => {
    const error: unknown = await resolveRunConfig(runFile(text), demo()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config.invalid' });
    for (const message of messages) expect((error as Error).message).toMatch(message);
  });

  it('refuses a file that is not there', async () => {
    await expect(resolveRunConfig('nowhere.cgrpo.json', demo())).rejects.toMatchObject({ code: 'config.notFound' });
  });

  it.each(['0', '-1', '1.5', 'two', ''])('refuses %j threads', (threads) => {
    expect(() => threadsOf({ threads })).toThrow('--threads');
  });
});

describe('a command written again', () => {
  it('quotes what a shell would split and leaves out what is not set', () => {
    const options = { preset: 'demo', seed: undefined, set: ['prompt.suffix=a b', "name=it's", 'seed=1'], workspace: '.' };
    expect(commandLine('train', 'my run.cgrpo.json', options)).toBe(
      `npx critique-grpo train 'my run.cgrpo.json' --preset demo --set 'prompt.suffix=a b' --set 'name=it'\\''s' --set seed=1`,
    );
  });
});
