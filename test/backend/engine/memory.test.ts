/** The engine's process takes the memory that was foretold, and once for all its programs. */
import { describe, expect, it } from 'vitest';
import { environmentFor } from '../../../backend/engine/local/environment.ts';
import { estimateTrainingBytes } from '../../../backend/models/estimate.ts';
import { benchConfig, benchLoss, benchSequences, withBenchEngine } from '../../support/benchModels.ts';

const update = { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 };

describe.runIf(process.platform === 'linux')('peak memory of training', () => {
  it.each([false, true])('is near the estimate, layer checkpointing %s', (layerCheckpointing) =>
    withBenchEngine('a', { microBatchTokens: 4096, layerCheckpointing }, async (engine) => {
      for (let step = 0; step < 4; step++) {
        await engine.forwardBackward(benchSequences('a', 32, 128), benchLoss());
        await engine.optimStep(update);
      }
      const { peakResidentBytes } = await engine.describe();
      const estimate = estimateTrainingBytes(benchConfig('a'), {}, { batch: 32, length: 128, nTargets: 4096, layerCheckpointing });
      // Memory that the system counts differs a little between machines; `npm run bench -- memory` has the exact numbers.
      expect(peakResidentBytes / estimate).toBeGreaterThan(0.8);
      expect(peakResidentBytes / estimate).toBeLessThan(1.2);
    }),
  );

  it('is shared by programs of different shapes', () =>
    withBenchEngine('a', { microBatchTokens: 4096 }, async (engine) => {
      await engine.forwardBackward(benchSequences('a', 32, 128), benchLoss());
      const { peakResidentBytes: one } = await engine.describe();
      for (const [batch, length] of [
        [42, 96],
        [64, 64],
        [21, 192],
        [16, 256],
      ] as const)
        await engine.forwardBackward(benchSequences('a', batch, length), benchLoss());
      const { peakResidentBytes: five } = await engine.describe();
      // Attention over longer sequences takes more; five arenas of their own would take four times as much.
      expect(five / one).toBeLessThan(1.6);
    }));
});

it('leaves the environment of other platforms alone', () => {
  expect(environmentFor('darwin', { PATH: 'x' })).toEqual({ PATH: 'x' });
  expect(environmentFor('linux', { PATH: 'x' })).toMatchObject({ PATH: 'x', MALLOC_MMAP_MAX_: '0' });
});
