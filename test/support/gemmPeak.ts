/** How fast onnxruntime multiplies matrices on this machine now: what a training step can be held against. */
import { compile, runProgram, Tensor } from '../../backend/engine/local/session.ts';
import { GraphBuilder } from '../../backend/graph/builder.ts';
import type { ModelConfig } from '../../backend/models/config.ts';

interface Product {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Floating-point operations of one forward and backward pass over full sequences, matrix products only. */
export function trainingFlops(config: ModelConfig, batch: number, length: number): number {
  const weights = multipliedWeights(config);
  const attention = config.nLayers * 4 * batch * config.nHeads * length * length * config.headDim;
  return 3 * (2 * batch * length * weights + attention);
}

/** Of the rollouts of `rows` sequences: prompts go through all but the head, new tokens through the head too, and attend to what is before them. */
export function samplingFlops(config: ModelConfig, rows: number, promptLength: number, newTokens: number): number {
  const { hiddenSize, vocabularySize, nLayers, nHeads, headDim } = config;
  const length = promptLength + newTokens;
  const products = 2 * (length * multipliedWeights(config) - promptLength * hiddenSize * vocabularySize);
  const attention = nLayers * 4 * nHeads * headDim * ((length * (length + 1)) / 2);
  return rows * (products + attention);
}

function multipliedWeights(config: ModelConfig): number {
  return projections(config).reduce((sum, [inner, columns, count]) => sum + inner * columns * count, 0);
}

/** [inputs, outputs, how many] of every matrix that tokens are multiplied with. */
function projections(config: ModelConfig): [number, number, number][] {
  const { hiddenSize: d, intermediateSize: ff, nHeads, nKvHeads, headDim, nLayers, vocabularySize } = config;
  return [
    [d, (nHeads + 2 * nKvHeads) * headDim, nLayers],
    [nHeads * headDim, d, nLayers],
    [d, 2 * ff, nLayers],
    [ff, d, nLayers],
    [d, vocabularySize, 1],
  ];
}

/** GFLOP/s of one large product, and of the products of a forward and backward pass of this model, each alone. */
export async function gemmPeak(config: ModelConfig, tokens: number, threads: number): Promise<{ large: number; ofModel: number }> {
  let flops = 0;
  let seconds = 0;
  for (const [inner, columns, count] of projections(config)) {
    const forward = { rows: tokens, inner, columns, transposeA: false, transposeB: true };
    const toInput = { rows: tokens, inner: columns, columns: inner, transposeA: false, transposeB: false };
    const toWeight = { rows: columns, inner: tokens, columns: inner, transposeA: true, transposeB: false };
    for (const product of [forward, toInput, toWeight]) {
      flops += count * 2 * tokens * inner * columns;
      seconds += count * (await bestSeconds(product, threads));
    }
  }
  return { large: await largeGemmPeak(threads), ofModel: flops / seconds / 1e9 };
}

/** GFLOP/s of one large product. */
export async function largeGemmPeak(threads: number): Promise<number> {
  const n = 1536;
  const seconds = await bestSeconds({ rows: n, inner: n, columns: n, transposeA: false, transposeB: true }, threads);
  return (2 * n ** 3) / seconds / 1e9;
}

async function bestSeconds({ rows, inner, columns, transposeA, transposeB }: Product, threads: number): Promise<number> {
  const g = new GraphBuilder();
  const a = g.input('a', 'f32', transposeA ? [inner, rows] : [rows, inner]);
  const b = g.input('b', 'f32', transposeB ? [columns, inner] : [inner, columns]);
  // One number of the result, so that the copy that a run hands out costs nothing.
  const product = g.slice(g.slice(g.gemm(a, b, undefined, { transposeA, transposeB }), 0, 0, 1), 1, 0, 1);
  const program = await compile(g.finish({ product }), { threads });
  const tensor = (shape: readonly number[]): Tensor =>
    new Tensor('float32', new Float32Array((shape[0] as number) * (shape[1] as number)).fill(0.5), shape);
  const feeds = { a: tensor(a.shape), b: tensor(b.shape) };
  let best = Infinity;
  for (let run = 0; run < 8; run++) {
    const start = performance.now();
    await runProgram(program, feeds);
    best = Math.min(best, (performance.now() - start) / 1000);
  }
  await program.session.release();
  return best;
}
