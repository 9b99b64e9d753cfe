/** What training takes, from shapes alone; `test/backend/engine/memory.test.ts` holds it against a real process. */
import { describe, expect, it } from 'vitest';
import { peakBytes } from '../../../backend/graph/peakMemory.ts';
import { estimateStaticBytes, estimateTrainingBytes, parameterCount } from '../../../backend/models/estimate.ts';
import { trainProgram } from '../../../backend/models/programs.ts';
import { benchConfig, benchLoss } from '../../support/benchModels.ts';

const config = benchConfig('b');
const shape = { batch: 16, length: 128, nTargets: 2048, layerCheckpointing: false };
const lora = { rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] };

it('counts parameters as PyTorch does', () => {
  expect(parameterCount(benchConfig('a'))).toBe(952_448);
  expect(parameterCount(config)).toBe(9_511_744);
});

describe('the estimate', () => {
  const activations = (layerCheckpointing: boolean): number =>
    peakBytes(trainProgram({ config, lora: undefined, positions: 128 }, { ...shape, layerCheckpointing, loss: benchLoss() }));

  it('falls to a third with layer checkpointing', () => {
    expect(activations(true)).toBeLessThan(activations(false) / 3);
  });

  it('grows with tokens and with the length of sequences', () => {
    const bytes = (batch: number, length: number): number => estimateTrainingBytes(config, {}, { ...shape, batch, length, nTargets: batch * length });
    expect(bytes(32, 128)).toBeGreaterThan(1.5 * bytes(16, 128));
    expect(bytes(4, 512)).toBeGreaterThan(bytes(16, 128));
  });

  it('holds gradients and moments of what is trained only', () => {
    const weights = 4 * parameterCount(config);
    expect(estimateStaticBytes(config) - estimateStaticBytes(config, { lora })).toBeGreaterThan(2.8 * weights);
    expect(estimateStaticBytes(config, { keepReference: true }) - estimateStaticBytes(config)).toBe(weights);
  });
});
