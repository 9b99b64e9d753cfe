/** Sums, means and scans along axes. */
import type { OpAttributes } from '../ops.ts';
import type { Shape, Value } from '../ir.ts';
import { at, expectInputs, fail, type Inferred, type Rules } from '../rule.ts';

export type ReductionOp = 'reduceSum' | 'reduceMean' | 'reduceMax' | 'argMax' | 'cumSum';

function inferReduced(inputs: readonly Value[], { axes, keepDims }: OpAttributes['reduceSum'], where: string): Inferred[] {
  expectInputs(inputs, 1, 1, where);
  const x = at(inputs, 0);
  for (const axis of axes) if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) fail(where, `there is no axis ${axis}`);
  const shape = keepDims ? keptShape(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis));
  return [{ dtype: x.dtype, shape }];
}

function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

export const reduction: Rules<ReductionOp> = {
  reduceSum: {
    infer: inferReduced,
    gradient: ({ g, gradient, inputs, attributes }) => {
      const { shape } = at(inputs, 0);
      return [g.expand(g.reshape(gradient, keptShape(shape, attributes.axes)), shape)];
    },
  },
  reduceMean: {
    infer: inferReduced,
    gradient: ({ g, gradient, inputs, attributes }) => {
      const { shape } = at(inputs, 0);
      const count = attributes.axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
      return [g.expand(g.reshape(g.mul(gradient, 1 / count), keptShape(shape, attributes.axes)), shape)];
    },
  },
  reduceMax: { infer: inferReduced, gradient: 'none' },
  argMax: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 1, 1, where);
      return [{ dtype: 'i32', shape: at(inputs, 0).shape.slice(0, -1) }];
    },
    gradient: 'none',
  },
  cumSum: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 1, 1, where);
      return [{ dtype: 'f32', shape: at(inputs, 0).shape }];
    },
    gradient: 'none',
  },
};
