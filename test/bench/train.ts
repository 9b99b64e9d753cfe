/**
 * Tokens per second of forward and backward passes, against the speed at which onnxruntime multiplies matrices in the same minute, and
 * against PyTorch when `PEER_PYTHON` is given. `SHAPES=b` runs one shape only, `REPEATS` sets how often.
 */
import { loadavg } from 'node:os';
import { benchConfig, benchLoss, benchSequences, withBenchEngine, type BenchShape } from '../support/benchModels.ts';
import { gemmPeak, trainingFlops } from '../support/gemmPeak.ts';
import { median, runPeer } from '../support/peers.ts';

const shapes = (process.env['SHAPES'] ?? 'a,b').split(',') as BenchShape[];
const repeats = Number(process.env['REPEATS'] ?? 7);
const [batch, length, threads] = [16, 128, 2];
const tokens = batch * length;

for (const shape of shapes) {
  const config = benchConfig(shape);
  const flops = trainingFlops(config, batch, length);
  const peaks = [await gemmPeak(config, tokens, threads)];
  for (const layerCheckpointing of [false, true]) {
    const { seconds, peakResidentBytes } = await withBenchEngine(shape, { microBatchTokens: tokens, layerCheckpointing, threads }, async (engine) => {
      const sequences = benchSequences(shape, batch, length);
      const times: number[] = [];
      for (let run = -2; run < repeats; run++) {
        const start = performance.now();
        await engine.forwardBackward(sequences, benchLoss());
        if (run >= 0) times.push((performance.now() - start) / 1000);
      }
      return { seconds: times, ...(await engine.describe()) };
    });
    peaks.push(await gemmPeak(config, tokens, threads));
    const [large, ofModel] = [Math.max(...peaks.map((peak) => peak.large)), Math.max(...peaks.map((peak) => peak.ofModel))];
    const rate = flops / median(seconds) / 1e9;
    const torch = layerCheckpointing
      ? runPeer('bench_torch_train.py', '--shape', shape, '--batch', `${batch}`, '--length', `${length}`, '--checkpoint')
      : runPeer('bench_torch_train.py', '--shape', shape, '--batch', `${batch}`, '--length', `${length}`);
    const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
    console.log(
      JSON.stringify({
        benchmark: 'train',
        shape,
        batch,
        length,
        layerCheckpointing,
        medianTokensPerSecond: round(tokens / median(seconds)),
        bestTokensPerSecond: round(tokens / Math.min(...seconds)),
        gflops: round(rate, 1),
        gemmLargeGflops: round(large, 1),
        gemmOfModelGflops: round(ofModel, 1),
        ofLargePeak: round(rate / large, 3),
        ofModelPeak: round(rate / ofModel, 3),
        peakResidentMb: round(peakResidentBytes / 1e6),
        ...(torch === undefined
          ? {}
          : {
              torch: torch.torch,
              torchMedianTokensPerSecond: torch.medianTokensPerSecond,
              torchPeakResidentMb: torch.peakResidentMb,
              timesTorch: round(tokens / median(seconds) / torch.medianTokensPerSecond, 2),
            }),
        loadAverage: round(loadavg()[0] ?? 0, 2),
      }),
    );
  }
}
