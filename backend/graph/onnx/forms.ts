/** How each op is written with the standard operators of ai.onnx only, so that every execution provider can run it. */
import type { DType, Shape } from '../ir.ts';
import type { OpAttributes, OpName } from '../ops.ts';
import type { ModelWriter } from './modelWriter.ts';
import { dataTypes, float, int, ints, text } from './proto.ts';

/** A value under the name that it has in the file. */
export interface Operand {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface OpCall<K extends OpName> {
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly attributes: OpAttributes[K];
}

/** Writes the nodes that compute `call.outputs`. */
export type Form<K extends OpName> = (writer: ModelWriter, call: OpCall<K>) => void;

export type Forms = { readonly [K in OpName]: Form<K> };

/** The i-th input; the shape rules have already checked how many there are. */
export function input(call: { readonly inputs: readonly Operand[] }, index: number): Operand {
  return operandAt(call.inputs, index);
}

export function output(call: { readonly outputs: readonly Operand[] }, index = 0): Operand {
  return operandAt(call.outputs, index);
}

function operandAt(operands: readonly Operand[], index: number): Operand {
  const operand = operands[index];
  if (operand === undefined) throw new Error(`operand ${index} is missing`);
  return operand;
}

export function names(operands: readonly Operand[]): string[] {
  return operands.map((operand) => operand.name);
}

/** One operator with the same operands and no attributes. */
function plain(opType: string): Form<OpName> {
  return (writer, call) => writer.emit(opType, names(call.inputs), names(call.outputs));
}

function overLastAxis(opType: string): Form<OpName> {
  return (writer, call) => writer.emit(opType, names(call.inputs), names(call.outputs), { axis: int(-1) });
}

function reduction(opType: string): Form<'reduceSum' | 'reduceMean' | 'reduceMax'> {
  return (writer, { inputs, outputs, attributes: { axes, keepDims } }) => {
    // ONNX reads an empty list of axes as all of them.
    if (axes.length === 0) return writer.emit('Identity', names(inputs), names(outputs));
    writer.emit(opType, [...names(inputs), writer.ints(axes)], names(outputs), { keepdims: int(keepDims ? 1 : 0) });
  };
}

const lastTwoSwapped = (rank: number): number[] => [...Array(rank - 2).keys(), rank - 1, rank - 2];

function transposed(writer: ModelWriter, operand: Operand): string {
  return writer.temporary('Transpose', [operand.name], { perm: ints(lastTwoSwapped(operand.shape.length)) });
}

export const standardForms: Forms = {
  constant: (writer, call) => {
    const { dtype, shape, data } = call.attributes;
    const { name } = output(call);
    if (typeof data === 'number') writer.fill(name, dtype, shape, data);
    else writer.initializer(name, dtype, shape, data);
  },

  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  min: plain('Min'),
  max: plain('Max'),
  less: plain('Less'),
  greater: plain('Greater'),
  equal: plain('Equal'),
  where: plain('Where'),

  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  sigmoid: plain('Sigmoid'),
  tanh: plain('Tanh'),
  swiglu: (writer, call) => {
    const [gate, up] = [input(call, 0).name, input(call, 1).name];
    const silu = writer.temporary('Mul', [gate, writer.temporary('Sigmoid', [gate])]);
    writer.emit('Mul', [silu, up], [output(call).name]);
  },
  clamp: (writer, call) => {
    const { low, high } = call.attributes;
    const { name, dtype } = input(call, 0);
    writer.emit('Clip', [name, writer.scalar(dtype, low), writer.scalar(dtype, high)], [output(call).name]);
  },
  cast: (writer, { inputs, outputs, attributes }) => writer.emit('Cast', names(inputs), names(outputs), { to: int(dataTypes[attributes.to]) }),
  stopGradient: plain('Identity'),

  reduceSum: reduction('ReduceSum'),
  reduceMean: reduction('ReduceMean'),
  reduceMax: reduction('ReduceMax'),

  reshape: (writer, { inputs, outputs, attributes }) =>
    writer.emit('Reshape', [...names(inputs), writer.ints(attributes.shape)], names(outputs), { allowzero: int(1) }),
  transpose: (writer, { inputs, outputs, attributes }) =>
    writer.emit('Transpose', names(inputs), names(outputs), { perm: ints(attributes.permutation) }),
  concat: (writer, { inputs, outputs, attributes }) => writer.emit('Concat', names(inputs), names(outputs), { axis: int(attributes.axis) }),
  slice: (writer, call) => {
    const { axis, start, end } = call.attributes;
    writer.emit('Slice', [input(call, 0).name, writer.ints([start]), writer.ints([end]), writer.ints([axis])], [output(call).name]);
  },
  split: (writer, { inputs, outputs, attributes }) =>
    writer.emit('Split', [...names(inputs), writer.ints(attributes.sizes)], names(outputs), { axis: int(attributes.axis) }),
  expand: (writer, call) => writer.emit('Expand', [input(call, 0).name, writer.ints(call.attributes.shape)], [output(call).name]),

  gatherRows: (writer, { inputs, outputs }) => writer.emit('Gather', names(inputs), names(outputs), { axis: int(0) }),
  scatterAddRows: (writer, call) => {
    const [indices, updates, out] = [input(call, 0), input(call, 1), output(call)];
    const column = writer.temporary('Unsqueeze', [writer.asInt64(indices.name), writer.ints([1])]);
    writer.emit('ScatterND', [writer.zeros(out.dtype, out.shape), column, updates.name], [out.name], { reduction: text('add') });
  },
  pick: (writer, call) => {
    const lastAxis = writer.ints([1]);
    const column = writer.temporary('Unsqueeze', [input(call, 1).name, lastAxis]);
    const picked = writer.temporary('GatherElements', [input(call, 0).name, column], { axis: int(1) });
    writer.emit('Squeeze', [picked, lastAxis], [output(call).name]);
  },
  // Compared and not scattered into zeros, which would be a constant as large as the logits that stays in memory; OneHot is slower.
  unpick: (writer, call) => {
    const [values, indices] = [0, 1].map((i) => writer.temporary('Unsqueeze', [input(call, i).name, writer.ints([1])])) as [string, string];
    const isIndex = writer.temporary('Equal', [indices, writer.row(call.attributes.width)]);
    const ones = writer.temporary('Cast', [isIndex], { to: int(dataTypes.f32) });
    writer.emit('Mul', [ones, values], [output(call).name]);
  },

  matmul: (writer, call) => {
    const { transposeA, transposeB, alpha } = call.attributes;
    const a = transposeA ? transposed(writer, input(call, 0)) : input(call, 0).name;
    const b = transposeB ? transposed(writer, input(call, 1)) : input(call, 1).name;
    if (alpha === 1) return writer.emit('MatMul', [a, b], [output(call).name]);
    writer.emit('Mul', [writer.temporary('MatMul', [a, b]), writer.scalar('f32', alpha)], [output(call).name]);
  },
  gemm: (writer, { inputs, outputs, attributes: { transposeA, transposeB, alpha } }) =>
    writer.emit('Gemm', names(inputs), names(outputs), {
      alpha: float(alpha),
      transA: int(transposeA ? 1 : 0),
      transB: int(transposeB ? 1 : 0),
    }),

  softmax: overLastAxis('Softmax'),
  logSoftmax: overLastAxis('LogSoftmax'),
  rmsNorm: (writer, call) => {
    const [x, weight] = [input(call, 0), input(call, 1)];
    const square = writer.temporary('Mul', [x.name, x.name]);
    const meanSquare = writer.temporary('ReduceMean', [square, writer.ints([x.shape.length - 1])], { keepdims: int(1) });
    const rms = writer.temporary('Sqrt', [writer.temporary('Add', [meanSquare, writer.scalar('f32', call.attributes.epsilon)])]);
    writer.emit('Reciprocal', [rms], [output(call, 1).name]);
    writer.emit('Mul', [writer.temporary('Mul', [x.name, output(call, 1).name]), weight.name], [output(call).name]);
  },
  rope: (writer, call) => {
    const [x, cos, sin, positions] = [input(call, 0), input(call, 1), input(call, 2), input(call, 3)];
    const half = cos.shape[1] as number;
    const angles = (table: Operand): string =>
      writer.temporary('Unsqueeze', [writer.temporary('Gather', [table.name, positions.name], { axis: int(0) }), writer.ints([1])]);
    const [c, s] = [angles(cos), angles(sin)];
    const part = (start: number): string => writer.temporary('Slice', [x.name, writer.ints([start]), writer.ints([start + half]), writer.ints([3])]);
    const [low, high] = [part(0), part(half)];
    const turnedLow = writer.temporary('Sub', [writer.temporary('Mul', [low, c]), writer.temporary('Mul', [high, s])]);
    const turnedHigh = writer.temporary('Add', [writer.temporary('Mul', [high, c]), writer.temporary('Mul', [low, s])]);
    writer.emit('Concat', [turnedLow, turnedHigh], [output(call).name], { axis: int(3) });
  },
  attention: (writer, call) => {
    const [q, k, v, mask] = [input(call, 0), input(call, 1), input(call, 2), input(call, 3)];
    const products = writer.temporary('MatMul', [q.name, transposed(writer, k)]);
    const scores = writer.temporary('Mul', [products, writer.scalar('f32', call.attributes.scale)]);
    const probabilities = output(call, 1).name;
    writer.emit('Softmax', [writer.temporary('Add', [scores, mask.name])], [probabilities], { axis: int(-1) });
    writer.emit('MatMul', [probabilities, v.name], [output(call).name]);
  },

  argMax: (writer, call) => {
    const index = writer.temporary('ArgMax', [input(call, 0).name], { axis: int(-1), keepdims: int(0) });
    writer.emit('Cast', [index], [output(call).name], { to: int(dataTypes.i32) });
  },
  cumSum: (writer, call) => writer.emit('CumSum', [input(call, 0).name, writer.scalar('i64', -1)], [output(call).name]),
};
