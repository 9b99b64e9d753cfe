/** Every ready experiment is one that can be started. */
import { describe, expect, it } from 'vitest';
import { parseExperimentFile } from '../../../backend/experiments/experimentFile.ts';
import { planExperiment } from '../../../backend/experiments/grid.ts';
import { experimentTemplates, templateText } from '../../../backend/experiments/templates.ts';
import { algorithms } from '../../../backend/algorithms/index.ts';

describe('templates', () => {
  it.each(experimentTemplates.map((template) => [template.name, template] as const))('%s can be planned as it is', (name, template) => {
    const definition = parseExperimentFile('/x.experiment.json', templateText(template));
    expect(definition.name).toBe(name);
    const { cells, runs } = planExperiment({ definition, path: '/x.experiment.json' });
    expect(runs).toHaveLength(3 * cells.length);
    expect(cells.length > 1 || definition.rescue.critics.length > 1).toBe(true);
  });

  it('compare every algorithm that there is', () => {
    const methods = experimentTemplates.find(({ name }) => name === 'methods');
    expect([...(methods?.file.axes?.['algorithm'] ?? [])].sort()).toEqual(
      Object.values(algorithms)
        .map(({ name }) => name)
        .sort(),
    );
  });
});
