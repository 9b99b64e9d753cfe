/** Reference of sums, means, maxima and scans. */
import { sizeOf } from '../ir.ts';
import type { OpAttributes } from '../ops.ts';
import type { ReductionOp } from '../ops/reduction.ts';
import { at, broadcastOffsets, check, fill, type Kernels, rowsOf, type Tensor } from './tensor.ts';

/** Folds the elements along the axes, in row-major order; `finish` gets the fold and how many elements went into it. */
function reduce(
  x: Tensor,
  { axes, keepDims }: OpAttributes['reduceSum'],
  start: number,
  fold: (total: number, element: number) => number,
  finish: (total: number, count: number) => number = (total) => total,
): Tensor[] {
  check(
    axes.every((axis) => axis >= 0 && axis < x.shape.length),
    `there is no axis among [${axes.join(',')}]`,
  );
  const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const totals = new Float64Array(sizeOf(kept)).fill(start);
  const targets = broadcastOffsets(kept, x.shape);
  x.data.forEach((element, i) => {
    const target = targets[i] as number;
    totals[target] = fold(at(totals, target), element);
  });
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  const count = sizeOf(x.shape) / sizeOf(kept);
  return [fill(x.dtype, shape, (i) => finish(at(totals, i), count))];
}

export const reduction: Kernels<ReductionOp> = {
  reduceSum: (attributes, x) => reduce(x, attributes, 0, (total, element) => total + element),
  reduceMean: (attributes, x) =>
    reduce(
      x,
      attributes,
      0,
      (total, element) => total + element,
      (total, count) => (x.dtype === 'i32' ? Math.trunc(total / count) : total / count),
    ),
  reduceMax: (attributes, x) => reduce(x, attributes, -Infinity, Math.max),

  argMax: (_attributes, x) => {
    const { width } = rowsOf(x);
    const largest = (row: number): number => {
      let best = 0;
      for (let i = 1; i < width; i++) if (at(x.data, row * width + i) > at(x.data, row * width + best)) best = i;
      return best;
    };
    return [fill('i32', x.shape.slice(0, -1), largest)];
  },
  cumSum: (_attributes, x) => {
    const { width } = rowsOf(x);
    let running = 0;
    return [fill(x.dtype, x.shape, (i) => (running = (i % width === 0 ? 0 : running) + at(x.data, i)))];
  },
};
