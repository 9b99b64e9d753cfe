/**
 * Tokens per second of rollouts at temperature 1, every sequence to full length, prefill included in the time, against the speed at which
 * onnxruntime multiplies matrices in the same minute, and against `generate` of Hugging Face transformers when `PEER_PYTHON` is given. `SHAPES=b` runs one shape only, `REPEATS` sets how often.
 */
import { loadavg } from 'node:os';
import { benchConfig, benchShapes, randomTokens, withBenchEngine, type BenchShape } from '../support/benchModels.ts';
import { largeGemmPeak, samplingFlops } from '../support/gemmPeak.ts';
import { median, runPeer } from '../support/peers.ts';

const shapes = (process.env['SHAPES'] ?? 'demo,a,b').split(',') as BenchShape[];
const repeats = Number(process.env['REPEATS'] ?? 5);
const [promptLength, newTokens, threads] = [64, 128, 2];

for (const shape of shapes) {
  for (const rows of [1, 16, 64]) {
    const tokens = rows * newTokens;
    const { seconds, peakResidentBytes } = await withBenchEngine(shape, { threads }, async (engine) => {
      const prompts = Array.from({ length: rows }, (_, i) => [...randomTokens(promptLength, benchShapes[shape].vocab_size, i)]);
      const request = { prompts, seeds: prompts.map((_, i) => [i]), maxTokens: newTokens, temperature: 1, topK: 0, topP: 1, stopTokens: [] };
      const times: number[] = [];
      for (let run = -1; run < repeats; run++) {
        const start = performance.now();
        await engine.sample(request);
        if (run >= 0) times.push((performance.now() - start) / 1000);
      }
      return { seconds: times, ...(await engine.describe()) };
    });
    const gflops = samplingFlops(benchConfig(shape), rows, promptLength, newTokens) / median(seconds) / 1e9;
    const peak = await largeGemmPeak(threads);
    // The peers have no demonstration model.
    const peer =
      shape === 'demo'
        ? undefined
        : runPeer('bench_hf_generate.py', '--shape', shape, '--batch', `${rows}`, '--prompt', `${promptLength}`, '--new', `${newTokens}`);
    const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
    console.log(
      JSON.stringify({
        benchmark: 'sample',
        shape,
        rows,
        promptLength,
        newTokens,
        medianTokensPerSecond: round(tokens / median(seconds)),
        bestTokensPerSecond: round(tokens / Math.min(...seconds)),
        gflops: round(gflops, 1),
        gemmLargeGflops: round(peak, 1),
        ofLargePeak: round(gflops / peak, 3),
        peakResidentMb: round(peakResidentBytes / 1e6),
        ...(peer === undefined
          ? {}
          : {
              transformers: peer.transformers,
              generateMedianTokensPerSecond: peer.medianTokensPerSecond,
              timesGenerate: round(tokens / median(seconds) / peer.medianTokensPerSecond, 2),
            }),
        loadAverage: round(loadavg()[0] ?? 0, 2),
      }),
    );
  }
}
