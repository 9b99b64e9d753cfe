/** Reference of softmax, RMS normalization, rotary positions and attention. */
import { sameShape } from '../ir.ts';
import type { NormalizationOp } from '../ops/normalization.ts';
import { product } from './linear.ts';
import { at, check, fill, grow, type Kernels, rowsOf, size, type Tensor } from './tensor.ts';

/** A function of each row along the last axis. */
function byRow(x: Tensor, f: (row: Float64Array) => ArrayLike<number>): Tensor {
  const { width, nRows } = rowsOf(x);
  const out = fill('f32', x.shape, () => 0);
  for (let row = 0; row < nRows; row++) out.data.set(f(x.data.subarray(row * width, (row + 1) * width)), row * width);
  return out;
}

function logSoftmax(row: Float64Array): Float64Array {
  const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const logSum = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
  return row.map((x) => x - logSum);
}

const softmax = (row: Float64Array): Float64Array => logSoftmax(row).map(Math.exp);

export const normalization: Kernels<NormalizationOp> = {
  softmax: (_attributes, x) => [byRow(x, softmax)],
  logSoftmax: (_attributes, x) => [byRow(x, logSoftmax)],

  rmsNorm: ({ epsilon }, x, weight) => {
    const fits = sameShape(weight.shape, x.shape.slice(-1));
    check(fits, `the weight [${weight.shape.join(',')}] is not as long as the last axis of [${x.shape.join(',')}]`);
    const rms = (row: Float64Array): number => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + epsilon);
    const { width } = rowsOf(x);
    const inverse = fill('f32', [...x.shape.slice(0, -1), 1], (row) => 1 / rms(x.data.subarray(row * width, (row + 1) * width)));
    const normalized = (row: Float64Array): Float64Array => {
      const divisor = rms(row);
      return row.map((value, i) => (value / divisor) * at(weight.data, i));
    };
    return [byRow(x, normalized), inverse];
  },

  rope: (_attributes, x, cos, sin, positions) => {
    check(x.shape.length === 4, 'x must be [B, heads, S, head size]');
    const [batch, heads, length, headSize] = [0, 1, 2, 3].map((axis) => size(x.shape, axis)) as [number, number, number, number];
    check(positions.dtype === 'i32' && sameShape(positions.shape, [batch, length]), 'positions must be i32 [B, S]');
    const half = headSize / 2;
    check(Number.isInteger(half), `a head size of ${headSize} is not even`);
    check(sameShape(cos.shape, sin.shape) && cos.shape[1] === half, `cos and sin must be [positions, ${half}]`);
    const nPositions = size(cos.shape, 0);
    // y = x cos − x₂ sin in the first half of a head, y = x cos + x₁ sin in the second
    const turned = (i: number): number => {
      const row = Math.floor(i / headSize);
      const position = at(positions.data, Math.floor(row / (heads * length)) * length + (row % length));
      check(position >= 0 && position < nPositions, `position ${position} is outside [0, ${nPositions})`);
      const inHead = i % headSize;
      const angle = position * half + (inHead % half);
      const partner = inHead < half ? -at(x.data, i + half) : at(x.data, i - half);
      return at(x.data, i) * at(cos.data, angle) + partner * at(sin.data, angle);
    };
    return [fill('f32', x.shape, turned)];
  },

  attention: ({ scale }, q, k, v, mask) => {
    check(
      [q, k, v].every((operand) => operand.shape.length === 3),
      'q, k and v must have three axes',
    );
    const scores = product(q, k, { transposeA: false, transposeB: true, alpha: scale });
    const fits = sameShape(mask.shape, scores.shape) || sameShape(mask.shape, scores.shape.slice(1));
    check(fits, `the mask [${mask.shape.join(',')}] does not fit [${scores.shape.join(',')}]`);
    const added = grow(mask, scores.shape);
    const probabilities = byRow(
      fill('f32', scores.shape, (i) => at(scores.data, i) + at(added.data, i)),
      softmax,
    );
    return [product(probabilities, v, { transposeA: false, transposeB: false, alpha: 1 }), probabilities];
  },
};
