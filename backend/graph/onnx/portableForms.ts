/** The standard forms, rewritten where execution providers for GPUs lack an operator: what they lack runs on the CPU, and its operands travel. */
import { type Shape, sizeOf } from '../ir.ts';
import { type Forms, input, output, standardForms } from './forms.ts';
import { dataTypes, int } from './proto.ts';

export const portableForms: Forms = {
  ...standardForms,

  // WebGPU has no LogSoftmax: the logits would go to the CPU and back in every run.
  logSoftmax: (writer, call) => {
    const { name, shape } = input(call, 0);
    const lastAxis = writer.ints([shape.length - 1]);
    const below = writer.temporary('Sub', [name, writer.temporary('ReduceMax', [name, lastAxis], { keepdims: int(1) })]);
    const mass = writer.temporary('ReduceSum', [writer.temporary('Exp', [below]), lastAxis], { keepdims: int(1) });
    writer.emit('Sub', [below, writer.temporary('Log', [mass])], [output(call).name]);
  },

  // A GPU adds what goes to the same row in an order of its own, another one each time. So what is equal is summed up first, as the product with
  // the matrix [T, T] of equal indices: then only equal rows are written over each other.
  scatterAddRows: (writer, call) => {
    const [indices, updates, out] = [input(call, 0), input(call, 1), output(call)];
    const column = writer.temporary('Unsqueeze', [indices.name, writer.ints([1])]);
    const row = writer.temporary('Unsqueeze', [indices.name, writer.ints([0])]);
    const isSame = writer.temporary('Cast', [writer.temporary('Equal', [column, row])], { to: int(dataTypes.f32) });
    const reshaped = (name: string, shape: Shape): string => writer.temporary('Reshape', [name, writer.ints(shape)], { allowzero: int(1) });
    const [count, rest] = [updates.shape[0] as number, updates.shape.slice(1)];
    const summed = writer.temporary('MatMul', [isSame, rest.length === 1 ? updates.name : reshaped(updates.name, [count, sizeOf(rest)])]);
    const sums = rest.length === 1 ? summed : reshaped(summed, updates.shape);
    const places = writer.temporary('Unsqueeze', [writer.asInt64(indices.name), writer.ints([1])]);
    writer.emit('ScatterND', [writer.zeros(out.dtype, out.shape), places, sums], [out.name]);
  },
};
