/** Peak memory of the engine's process in training and in a demonstration, and what the estimate before a run says of it. */
import { estimateTrainingBytes } from '../../backend/models/estimate.ts';
import { benchConfig, benchLoss, benchSequences, withBenchEngine, type BenchShape } from '../support/benchModels.ts';

const cases: readonly { readonly shape: BenchShape; readonly batch: number; readonly length: number }[] = [
  { shape: 'demo', batch: 8, length: 128 },
  { shape: 'a', batch: 16, length: 128 },
  { shape: 'a', batch: 64, length: 128 },
  { shape: 'b', batch: 16, length: 128 },
  { shape: 'b', batch: 4, length: 512 },
];
const only = process.env['ONLY'];

for (const { shape, batch, length } of cases) {
  for (const layerCheckpointing of [false, true]) {
    const name = `${shape} ${batch}×${length}${layerCheckpointing ? ' checkpointed' : ''}`;
    if (only !== undefined && !name.startsWith(only)) continue;
    const microBatchTokens = batch * length;
    const { opened, peak, seconds } = await withBenchEngine(shape, { microBatchTokens, layerCheckpointing }, async (engine) => {
      const { peakResidentBytes: opened } = await engine.describe();
      const sequences = benchSequences(shape, batch, length);
      const seconds: number[] = [];
      for (let step = 0; step < 5; step++) {
        const start = performance.now();
        await engine.forwardBackward(sequences, benchLoss());
        seconds.push((performance.now() - start) / 1000);
        await engine.optimStep({ learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 });
      }
      return { opened, peak: (await engine.describe()).peakResidentBytes, seconds: Math.min(...seconds) };
    });
    const estimate = estimateTrainingBytes(benchConfig(shape), undefined, { batch, length, nTargets: batch * length, layerCheckpointing });
    const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    console.log(
      `${name.padEnd(24)} opened ${mb(opened).padStart(7)}  peak ${mb(peak).padStart(7)}  estimate ${mb(estimate).padStart(7)}  best ${seconds.toFixed(2)} s`,
    );
  }
}
