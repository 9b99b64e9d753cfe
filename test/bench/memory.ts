/** Peak memory of the engine's process in training and in a demonstration, and what the estimate before a run says of it. */
import { Rng } from '../../backend/core/rng.ts';
import { estimateTrainingBytes } from '../../backend/models/estimate.ts';
import { benchConfig, benchLoss, benchSequences, randomTokens, withBenchEngine, type BenchShape } from '../support/benchModels.ts';

const lora = { rank: 16, alpha: 32, targets: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] };
const cases: readonly { readonly shape: BenchShape; readonly batch: number; readonly length: number; readonly lora?: typeof lora }[] = [
  { shape: 'demo', batch: 8, length: 128 },
  { shape: 'a', batch: 16, length: 128 },
  { shape: 'a', batch: 64, length: 128 },
  { shape: 'b', batch: 16, length: 128 },
  { shape: 'b', batch: 4, length: 512 },
  { shape: 'b', batch: 16, length: 128, lora },
];
const only = process.env['ONLY'];

for (const { shape, batch, length, lora: adapter } of cases) {
  for (const layerCheckpointing of [false, true]) {
    const name = `${shape} ${batch}×${length}${adapter === undefined ? '' : ' lora'}${layerCheckpointing ? ' checkpointed' : ''}`;
    if (only !== undefined && !name.startsWith(only)) continue;
    const microBatchTokens = batch * length;
    const { opened, peak, seconds } = await withBenchEngine(
      shape,
      { microBatchTokens, layerCheckpointing, ...(adapter === undefined ? {} : { lora: adapter }) },
      async (engine) => {
        const { peakResidentBytes: opened } = await engine.describe();
        const sequences = benchSequences(shape, batch, length);
        const seconds: number[] = [];
        for (let step = 0; step < 14; step++) {
          const start = performance.now();
          await engine.forwardBackward(sequences, benchLoss());
          seconds.push((performance.now() - start) / 1000);
          await engine.optimStep({ learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 });
        }
        return { opened, peak: (await engine.describe()).peakResidentBytes, seconds: Math.min(...seconds) };
      },
    );
    const estimate = estimateTrainingBytes(benchConfig(shape), { lora: adapter }, { batch, length, nTargets: batch * length, layerCheckpointing });
    const mb = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
    console.log(
      `${name.padEnd(28)} opened ${mb(opened).padStart(7)}  peak ${mb(peak).padStart(7)}  estimate ${mb(estimate).padStart(7)} (${((100 * estimate) / peak - 100).toFixed(0)} %)  best ${seconds.toFixed(2)} s`,
    );
  }
}

// What a run of the demonstration asks for: rollouts of 64 rows that end at random, then their updates; every length there is.
if (only === undefined || 'demonstration'.startsWith(only)) {
  await withBenchEngine('demo', { maxPositions: 512, microBatchTokens: 1024 }, async (engine) => {
    const rng = Rng.of(3, 'demonstration');
    const start = performance.now();
    for (let step = 0; step < 12; step++) {
      const prompts = Array.from({ length: 24 }, (_, i) => [...randomTokens(40 + Math.floor(220 * rng.uniform()), 216, 100 * step + i)]);
      const seeds = prompts.map((_, i) => Array.from({ length: 8 }, (__, k) => 1000 * step + 10 * i + k));
      const { sequences } = await engine.sample({ prompts, seeds, maxTokens: 72, temperature: 1, topK: 0, topP: 1, stopTokens: [1, 2, 3, 4, 5, 6] });
      const trained = sequences.flatMap((group, i) =>
        group.slice(0, 3).map(({ tokens }) => ({
          tokens: Int32Array.of(...(prompts[i] as number[]), ...tokens),
          targets: Int32Array.from(tokens, (_, t) => (prompts[i] as number[]).length + t),
          inputs: { weight: Float32Array.from(tokens, () => rng.normal()) },
        })),
      );
      await engine.forwardBackward(trained, benchLoss());
      await engine.optimStep({ learningRate: 1e-5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, gradientClip: 1 });
      await engine.forward(trained);
      const { peakResidentBytes, residentBytes } = await engine.describe();
      console.log(
        `demonstration, step ${String(step + 1).padStart(2)}: resident ${Math.round(residentBytes / 1e6)} MB, peak ${Math.round(peakResidentBytes / 1e6)} MB, ${((performance.now() - start) / 1000).toFixed(1)} s`,
      );
    }
  });
}
