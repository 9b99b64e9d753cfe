/** Reference of the ops that move elements. */
import { sameShape, type Shape, sizeOf } from '../ir.ts';
import type { ShapingOp } from '../ops/shaping.ts';
import { at, broadcastShapes, check, coordinatesOf, fill, grow, type Kernels, offsetOf, size, type Tensor } from './tensor.ts';

function withAxis(shape: Shape, axis: number, length: number): Shape {
  return shape.map((old, i) => (i === axis ? length : old));
}

function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  check(start >= 0 && end <= size(x.shape, axis) && start <= end, `[${start}, ${end}) is no part of axis ${axis} of [${x.shape.join(',')}]`);
  const shape = withAxis(x.shape, axis, end - start);
  return fill(x.dtype, shape, (i) => {
    const from = coordinatesOf(i, shape).map((coordinate, j) => (j === axis ? coordinate + start : coordinate));
    return at(x.data, offsetOf(from, x.shape));
  });
}

export const shaping: Kernels<ShapingOp> = {
  reshape: ({ shape }, x) => {
    check(sizeOf(shape) === x.data.length, `${x.data.length} elements do not fill [${shape.join(',')}]`);
    return [{ ...x, shape }];
  },
  transpose: ({ permutation }, x) => {
    check(permutation.length === x.shape.length && new Set(permutation).size === x.shape.length, `[${permutation.join(',')}] is no permutation`);
    const shape = permutation.map((axis) => size(x.shape, axis));
    return [
      fill(x.dtype, shape, (i) => {
        const from: number[] = [];
        coordinatesOf(i, shape).forEach((coordinate, j) => (from[permutation[j] as number] = coordinate));
        return at(x.data, offsetOf(from, x.shape));
      }),
    ];
  },
  concat: ({ axis }, first, ...rest) => {
    const parts = [first, ...rest];
    const lengths = parts.map((part) => size(part.shape, axis));
    for (const part of parts) {
      const agrees = part.dtype === first.dtype && sameShape(withAxis(part.shape, axis, 0), withAxis(first.shape, axis, 0));
      check(agrees, `${part.dtype}[${part.shape.join(',')}] does not join ${first.dtype}[${first.shape.join(',')}] on axis ${axis}`);
    }
    const shape = withAxis(
      first.shape,
      axis,
      lengths.reduce((total, length) => total + length, 0),
    );
    return [
      fill(first.dtype, shape, (i) => {
        const from = coordinatesOf(i, shape);
        let part = 0;
        while (size(from, axis) >= size(lengths, part)) from[axis] = size(from, axis) - size(lengths, part++);
        const source = parts[part] as Tensor;
        return at(source.data, offsetOf(from, source.shape));
      }),
    ];
  },
  slice: ({ axis, start, end }, x) => [slice(x, axis, start, end)],
  split: ({ axis, sizes }, x) => {
    const total = sizes.reduce((sum, length) => sum + length, 0);
    check(total === size(x.shape, axis), `parts of ${total} do not make axis ${axis} of [${x.shape.join(',')}]`);
    let start = 0;
    return sizes.map((length) => slice(x, axis, start, (start += length)));
  },
  expand: ({ shape }, x) => {
    check(sameShape(broadcastShapes(x.shape, shape), shape), `[${x.shape.join(',')}] does not grow to [${shape.join(',')}]`);
    return [grow(x, shape)];
  },
};
