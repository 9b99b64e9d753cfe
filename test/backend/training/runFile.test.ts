/** Configurations as an editor asks for them. What the parts mean is tested with the command line, which has them too. */
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { presets } from '../../../backend/training/presets.ts';
import { resolveRunSource } from '../../../backend/training/runFile.ts';

const folder = resolve('/some/where');
const file = (text: string): { path: string; text: string } => ({ path: join(folder, 'my.cgrpo.json'), text });

describe('a run source', () => {
  it('is the preset, the text of the file over it, and single settings over both', () => {
    expect(resolveRunSource({ preset: 'demo' })).toEqual(runConfigSchema.parse(presets.demo.config));
    const config = resolveRunSource({
      preset: 'demo',
      file: file('{ // fewer\n "training": { "steps": 7 }, "seed": 3, }'),
      overrides: { seed: 4, 'model.lora': { rank: 2 }, 'switches.clipHigh': null },
    });
    expect(config).toMatchObject({
      seed: 4,
      training: { steps: 7, problemsPerStep: 8 },
      model: { lora: { rank: 2, alpha: 32 } },
      switches: { clipHigh: null },
    });
  });

  it.each([
    ['model', join(folder, 'model')],
    ['../model', resolve(folder, '../model')],
    ['demo:model', 'demo:model'],
    [resolve('/models/small'), resolve('/models/small')],
  ])('takes the path %s of a file from where the file lies', (path, expected) => {
    const text = JSON.stringify({ model: { path }, data: { train: path, heldOut: path } });
    expect(resolveRunSource({ file: file(text) })).toMatchObject({ model: { path: expected }, data: { train: expected, heldOut: expected } });
    expect(resolveRunSource({ file: file(text), overrides: { 'model.path': 'as/it/is' } }).model.path).toBe('as/it/is');
  });

  it.each([
    ['{ "seed": 1\n "name": "x" }', /my\.cgrpo\.json:2: CommaExpected/],
    ['{\n "training": {\n "stepz": 1 } }', /my\.cgrpo\.json:3 training\.stepz: there is no such setting/],
    ['{ "model": 3, "data": [] }', /model: .*expected object/s],
    ['[]', /it holds no JSON object/],
  ])('names the line of what is wrong in %j', (text, message) => {
    expect(() => resolveRunSource({ preset: 'demo', file: file(text) })).toThrow(message);
  });

  it('must name a model and data', () => {
    expect(() => resolveRunSource({ preset: 'paper' })).toThrow(expect.objectContaining({ code: 'config.incomplete' }) as Error);
    expect(() => resolveRunSource({ overrides: { 'model.path': 'm' } })).toThrow('names no data');
  });
});
