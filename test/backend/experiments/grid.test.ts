/** From an experiment file to the configuration of every run. */
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExperimentFile } from '../../../backend/experiments/experimentFile.ts';
import { axesOf, cellsOf, planExperiment } from '../../../backend/experiments/grid.ts';
import { experimentFileSchema, type ExperimentFileInput } from '../../../backend/protocol/experiment.ts';

const path = resolve('/data/files/x.experiment.json');
const file = (parts: Partial<ExperimentFileInput> = {}) => experimentFileSchema.parse({ name: 'x', base: { preset: 'demo' }, ...parts });

describe('cellsOf', () => {
  it.each([
    ['no axes', {}, ['x']],
    ['one axis', { axes: { 'switches.shapingGamma': [0.05, null] } }, ['γ 0.05', 'γ none']],
    ['names that speak for themselves', { axes: { algorithm: ['grpo'], critic: ['verdict', 'self'] } }, ['grpo · verdict', 'grpo · self']],
    [
      'every combination, the last axis fastest',
      { axes: { 'training.steps': [1, 2], 'switches.trigger': ['allWrong', 'always'] } },
      ['steps 1 · trigger allWrong', 'steps 1 · trigger always', 'steps 2 · trigger allWrong', 'steps 2 · trigger always'],
    ],
    [
      'settings that belong together',
      {
        variants: [
          { label: '7:1', set: { 'switches.nRollouts': 7, 'switches.kRefinements': 1 } },
          { label: '6:2', set: { 'switches.nRollouts': 6, 'switches.kRefinements': 2 } },
        ],
        axes: { 'data.limit': [100] },
      },
      ['7:1 · training problems 100', '6:2 · training problems 100'],
    ],
  ] as const)('names cells: %s', (_, parts, labels) => {
    expect(cellsOf(file(parts as Partial<ExperimentFileInput>)).map(({ label }) => label)).toEqual(labels);
  });

  it('refuses a value given twice', () => {
    expect(() => cellsOf(file({ axes: { 'training.steps': [1, 1] } }))).toThrow(expect.objectContaining({ code: 'experiment.sameCell' }));
  });

  it('has its axes in the order of the file', () => {
    const axes = axesOf(file({ axes: { 'training.steps': [1], seed: ['a'] }, variants: [{ label: 'v', set: {} }] }));
    expect(axes.map(({ name, values }) => [name, values])).toEqual([
      ['variant', ['v']],
      ['training.steps', ['1']],
      ['seed', ['a']],
    ]);
  });
});

describe('planExperiment', () => {
  it('goes seed by seed, and names every run apart', () => {
    const { runs } = planExperiment({ path, definition: file({ axes: { 'switches.shapingGamma': [0.1, null] }, seeds: [3, 4] }) });
    expect(runs.map(({ config }) => [config.name, config.seed, config.switches.shapingGamma])).toEqual([
      ['x-gamma-0.1-seed3', 3, 0.1],
      ['x-gamma-none-seed3', 3, null],
      ['x-gamma-0.1-seed4', 4, 0.1],
      ['x-gamma-none-seed4', 4, null],
    ]);
  });

  it('lets the cell win over the base, the base over its run file, and that over the preset', () => {
    const baseFile = {
      path: join('/data/runs', 'b.cgrpo.json'),
      text: '{ "training": { "steps": 7, "problemsPerStep": 5 }, "optimizer": { "warmupSteps": 3 } }',
    };
    const definition = file({ base: { preset: 'demo', file: 'b', set: { 'training.steps': 8 } }, axes: { 'optimizer.warmupSteps': [4] } });
    const [run] = planExperiment({ path, definition, baseFile }).runs;
    expect(run?.config.training).toMatchObject({ steps: 8, problemsPerStep: 5 });
    expect(run?.config.optimizer).toMatchObject({ warmupSteps: 4, beta2: 0.98 });
  });

  it('takes paths from the folder of the experiment file', () => {
    const definition = file({
      base: { preset: 'demo', set: { 'data.train': 'a.jsonl', 'data.heldOut': 'demo:heldOut.jsonl' } },
      axes: { 'model.path': ['m', 'hf://o/n'] },
    });
    const { runs } = planExperiment({ path, definition });
    expect(runs.slice(0, 2).map(({ config }) => [config.model.path, config.data.train, config.data.heldOut])).toEqual([
      [resolve('/data/files/m'), resolve('/data/files/a.jsonl'), 'demo:heldOut.jsonl'],
      ['hf://o/n', resolve('/data/files/a.jsonl'), 'demo:heldOut.jsonl'],
    ]);
  });

  it.each([
    ['a critic', { axes: { critic: ['oracle'] } }, 'critic.unknown', /Cell "oracle"/],
    ['an algorithm', { axes: { algorithm: ['ppo'] } }, 'algorithm.unknown', /Cell "ppo"/],
    ['a setting', { axes: { 'switches.gamma': [1] } }, 'config.invalid', /switches\.gamma/],
    ['an evaluation set', { benchmarks: { sets: { gsm8k: 'x' } } }, 'benchmark.unknown', /gsm8k/],
    ['a critic of the rescue study', { rescue: { critics: ['oracle'] } }, 'critic.unknown', /oracle/],
    ['a value', { axes: { 'training.steps': [0] } }, 'config.invalid', /training\.steps/],
  ] as const)('refuses %s that there is not, naming it', (_, parts, code, message) => {
    const plan = () => planExperiment({ path, definition: file(parts as unknown as Partial<ExperimentFileInput>) });
    expect(plan).toThrow(expect.objectContaining({ code }));
    expect(plan).toThrow(message);
  });
});

describe('parseExperimentFile', () => {
  it.each([
    ['broken JSON', '{\n "name": "x",\n "base" {}\n}', /x\.experiment\.json:3 ColonExpected/],
    ['nothing', '', /:1 ValueExpected/],
    ['a key that there is none of', '{\n "name": "x",\n "base": {},\n "axis": {}\n}', /:4 axis: there is no such setting/],
    ['a name that is no folder', '{\n "name": "../x",\n "base": {}\n}', /:2 name: use letters/],
    ['a path that is none', '{\n "name": "x",\n "base": {},\n "axes": { "a b": [1] }\n}', /:4 axes\.a b/],
    ['a seed twice', '{ "name": "x", "base": {}, "seeds": [1, 1] }', /seeds: a seed stands here twice/],
  ])('refuses %s with its line', (_, text, message) => {
    expect(() => parseExperimentFile(path, text)).toThrow(message);
    expect(() => parseExperimentFile(path, text)).toThrow(expect.objectContaining({ code: 'experiment.invalid' }));
  });

  it('takes comments and trailing commas', () => {
    expect(parseExperimentFile(path, '{ "name": "x", /* c */ "base": { "preset": "demo", }, }')).toMatchObject({ name: 'x', seeds: [0, 1, 2] });
  });
});
