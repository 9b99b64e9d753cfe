/** Tensors of the reference evaluator: row-major float64 whatever the type, read with bounds checks. */
import { type DType, sameShape, type Shape, sizeOf } from '../ir.ts';
import type { OpAttributes, OpName } from '../ops.ts';

export interface Tensor {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Computes an op's outputs. Operands come last, so that `kernel.length - 1` is the least number of them. */
export type Kernel<K extends OpName> = (attributes: OpAttributes[K], ...inputs: Tensor[]) => Tensor[];

export type Kernels<K extends OpName> = { readonly [Name in K]: Kernel<Name> };

/** Throws where a condition on an op's operands does not hold. */
export function check(holds: boolean, problem: string): asserts holds {
  if (!holds) throw new Error(problem);
}

export function at(data: Float64Array, index: number): number {
  const value = data[index];
  if (value === undefined) throw new Error(`element ${index} of ${data.length}`);
  return value;
}

export function size(shape: Shape, axis: number): number {
  const length = shape[axis];
  if (length === undefined) throw new Error(`there is no axis ${axis} in [${shape.join(',')}]`);
  return length;
}

/** A new tensor whose i-th element is `element(i)`. */
export function fill(dtype: DType, shape: Shape, element: (index: number) => number): Tensor {
  return { dtype, shape, data: Float64Array.from({ length: sizeOf(shape) }, (_, i) => element(i)) };
}

/** Distance between neighbors along each axis of a row-major tensor. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

/** The index along each axis of the element at a row-major offset. */
export function coordinatesOf(offset: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % size(shape, axis));
}

export function offsetOf(coordinates: readonly number[], shape: Shape): number {
  const strides = stridesOf(shape);
  return coordinates.reduce((offset, coordinate, axis) => offset + coordinate * (strides[axis] ?? 0), 0);
}

/** The shape that both grow to under NumPy's rules. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const padded = (shape: Shape): Shape => [...Array<number>(rank - shape.length).fill(1), ...shape];
  const [left, right] = [padded(a), padded(b)];
  return left.map((length, axis) => {
    const other = size(right, axis);
    check(length === other || length === 1 || other === 1, `[${a.join(',')}] and [${b.join(',')}] do not broadcast`);
    return length === 1 ? other : length;
  });
}

/** For each element of `to`, the offset of the element of `from` that broadcasting puts there. */
export function broadcastOffsets(from: Shape, to: Shape): Int32Array {
  const lead = to.length - from.length;
  const strides = stridesOf(from);
  const toStrides = stridesOf(to);
  return Int32Array.from({ length: sizeOf(to) }, (_, i) =>
    from.reduce((offset, length, axis) => {
      const coordinate = Math.floor(i / size(toStrides, lead + axis)) % size(to, lead + axis);
      return offset + (length === 1 ? 0 : coordinate * size(strides, axis));
    }, 0),
  );
}

/** The tensor grown to a shape. */
export function grow(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const offsets = broadcastOffsets(x.shape, shape);
  return fill(x.dtype, shape, (i) => at(x.data, offsets[i] as number));
}

/** Length of the last axis and number of rows along it. */
export function rowsOf(x: Tensor): { width: number; nRows: number } {
  const width = size(x.shape, x.shape.length - 1);
  return { width, nRows: sizeOf(x.shape.slice(0, -1)) };
}
