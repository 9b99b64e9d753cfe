/** A new experiment file is one that the backend takes as it is. */
import { describe, expect, it } from 'vitest';
import { parseExperimentFile } from '../../../backend/experiments/experimentFile.ts';
import { planExperiment } from '../../../backend/experiments/grid.ts';
import { experimentFileText, experimentSize } from '../../../extension/runFiles/experimentFileText.ts';

describe('a new experiment file', () => {
  const path = 'methods.experiment.json';
  const text = experimentFileText('methods');

  it('is valid, with comments, and every run of its grid can be planned', () => {
    const definition = parseExperimentFile(path, text);
    expect(definition.name).toBe('methods');
    const { cells, runs } = planExperiment({ definition, path });
    expect(cells.map(({ label }) => label)).toEqual(['grpo', 'critique-grpo, verdict', 'critique-grpo, step level']);
    expect(runs).toHaveLength(9);
    expect(text.match(/^ *\/\/ /gm)?.length).toBeGreaterThan(7);
  });

  it('says how many runs it comes to', () => {
    expect(experimentSize(text)).toEqual({ name: 'methods', cells: 3, seeds: 3, sets: 0 });
  });
});

describe('experimentSize', () => {
  it.each([
    ['{"name": "a", "base": {"preset": "demo"}}', { name: 'a', cells: 1, seeds: 3, sets: 0 }],
    [
      '{"name": "a", "base": {}, "axes": {"critic": ["self", "verdict"], "seed": [1, 2, 3]}, "seeds": [4], "benchmarks": {"sets": {"amc23": "x"}}, }',
      { name: 'a', cells: 6, seeds: 1, sets: 1 },
    ],
    ['{"name": "a b", "base": {}}', null],
    ['{"name": "a", "base": {}', null],
    ['', null],
  ])('of %j', (text, size) => expect(experimentSize(text)).toEqual(size));
});
