/** Reference of the ops that treat every element alone. */
import { sameShape, type DType } from '../ir.ts';
import type { ElementwiseOp } from '../ops/elementwise.ts';
import { at, broadcastShapes, check, fill, grow, type Kernel, type Kernels, type Tensor } from './tensor.ts';

/** Integer results are cut toward zero, as integer division is. */
function stored(dtype: DType, value: number): number {
  return dtype === 'i32' ? Math.trunc(value) : value;
}

function binary(f: (a: number, b: number) => number): Kernel<ElementwiseOp> {
  return (_attributes, a: Tensor, b: Tensor) => {
    check(a.dtype === b.dtype && a.dtype !== 'bool', 'operands must be both f32 or both i32');
    const shape = broadcastShapes(a.shape, b.shape);
    const [left, right] = [grow(a, shape), grow(b, shape)];
    return [fill(a.dtype, shape, (i) => stored(a.dtype, f(at(left.data, i), at(right.data, i))))];
  };
}

function comparison(holds: (a: number, b: number) => boolean): Kernel<ElementwiseOp> {
  return (_attributes, a: Tensor, b: Tensor) => {
    check(a.dtype === b.dtype, 'operands must be of one type');
    const shape = broadcastShapes(a.shape, b.shape);
    const [left, right] = [grow(a, shape), grow(b, shape)];
    return [fill('bool', shape, (i) => (holds(at(left.data, i), at(right.data, i)) ? 1 : 0))];
  };
}

function unary(f: (x: number) => number): Kernel<ElementwiseOp> {
  return (_attributes, x: Tensor) => {
    check(x.dtype === 'f32', 'the operand must be f32');
    return [fill('f32', x.shape, (i) => f(at(x.data, i)))];
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export const elementwise: Kernels<ElementwiseOp> = {
  constant: ({ dtype, shape, data }) => {
    const constant = fill(dtype, shape, (i) => (typeof data === 'number' ? data : (data[i] as number)));
    check(typeof data === 'number' || data.length === constant.data.length, 'data does not fill the shape');
    return [constant];
  },

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  min: binary(Math.min),
  max: binary(Math.max),
  less: comparison((a, b) => a < b),
  greater: comparison((a, b) => a > b),
  equal: comparison((a, b) => a === b),
  where: (_attributes, condition, a, b) => {
    check(condition.dtype === 'bool', 'the condition must be bool');
    check(a.dtype === b.dtype, 'the branches must be of one type');
    const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
    const [chosen, left, right] = [grow(condition, shape), grow(a, shape), grow(b, shape)];
    return [fill(a.dtype, shape, (i) => (at(chosen.data, i) === 1 ? at(left.data, i) : at(right.data, i)))];
  },

  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  reciprocal: unary((x) => 1 / x),
  sigmoid: unary(sigmoid),
  tanh: unary(Math.tanh),
  swiglu: (_attributes, gate, up) => {
    check(sameShape(gate.shape, up.shape), 'gate and up must be of one shape');
    return [fill('f32', gate.shape, (i) => at(gate.data, i) * sigmoid(at(gate.data, i)) * at(up.data, i))];
  },
  clamp: ({ low, high }, x) => [fill(x.dtype, x.shape, (i) => Math.min(Math.max(at(x.data, i), low), high))],
  cast: ({ to }, x) => [fill(to, x.shape, (i) => (to === 'bool' ? (at(x.data, i) === 0 ? 0 : 1) : stored(to, at(x.data, i))))],
  stopGradient: (_attributes, x) => [x],
};
