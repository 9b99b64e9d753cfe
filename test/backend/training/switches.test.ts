/** Which algorithm a step trains with, and which switches: the algorithm's own, its phase's, the run file's, in this order. */
import { describe, expect, it } from 'vitest';
import { findAlgorithm } from '../../../backend/algorithms/findAlgorithm.ts';
import { runConfigSchema, type RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { switchesOf, trainedAt } from '../../../backend/training/switches.ts';

function at(step: number, algorithm: string, switches: RunConfigInput['switches'] = {}, steps = 10): ReturnType<typeof trainedAt> {
  const config = runConfigSchema.parse({ model: { path: '' }, data: { train: '' }, algorithm, switches, training: { steps } });
  return trainedAt({ algorithm: findAlgorithm(algorithm), switches: switchesOf(config), config }, step);
}

describe('trainedAt', () => {
  it('is the run’s own algorithm where there is one phase', () => {
    expect(at(10, 'grpo', { nRollouts: 3 })).toMatchObject({ algorithm: { name: 'grpo' }, switches: { nRollouts: 3, aggregation: 'sequenceMean' } });
  });

  it.each([
    [1, undefined, 'grpo'],
    [7, undefined, 'grpo'],
    [8, undefined, 'refinement-ft'],
    [1, 0, 'refinement-ft'],
    [10, 1, 'grpo'],
  ])('at step %i of 10 with a first phase of %s is %s', (step, firstPhase, expected) => {
    expect(at(step, 'grpo-then-sft', firstPhase === undefined ? {} : { firstPhase }).algorithm.name).toBe(expected);
  });

  it('gives each phase its own defaults, and what the run file says to both', () => {
    const switches = { nRollouts: 3, trigger: undefined };
    expect(at(1, 'grpo-then-sft', switches).switches).toMatchObject({ nRollouts: 3, aggregation: 'sequenceMean', advantageStd: true });
    expect(at(9, 'grpo-then-sft', switches).switches).toMatchObject({ nRollouts: 3, aggregation: 'tokenMean', trigger: 'allWrong' });
    expect(at(9, 'grpo-then-sft', { trigger: 'anyWrong' }).switches.trigger).toBe('anyWrong');
  });
});
