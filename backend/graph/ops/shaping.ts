/** Ops that move elements without changing them. */
import { sizeOf } from '../ir.ts';
import { at, broadcast, expectInputs, fail, unbroadcast, type Rules } from '../rule.ts';

export type ShapingOp = 'reshape' | 'transpose' | 'concat' | 'slice' | 'split' | 'expand';

export const shaping: Rules<ShapingOp> = {
  reshape: {
    infer(inputs, { shape }, where) {
      expectInputs(inputs, 1, 1, where);
      const x = at(inputs, 0);
      if (sizeOf(x.shape) !== sizeOf(shape)) fail(where, `${sizeOf(x.shape)} elements do not fill shape [${shape.join(',')}]`);
      return [{ dtype: x.dtype, shape }];
    },
    gradient: ({ g, gradient, inputs }) => [g.reshape(gradient, at(inputs, 0).shape)],
  },
  transpose: {
    infer(inputs, { permutation }, where) {
      expectInputs(inputs, 1, 1, where);
      const x = at(inputs, 0);
      const sorted = [...permutation].sort((a, b) => a - b);
      if (sorted.length !== x.shape.length || sorted.some((axis, i) => axis !== i))
        fail(where, `[${permutation.join(',')}] is no permutation of its axes`);
      return [{ dtype: x.dtype, shape: permutation.map((axis) => x.shape[axis] as number) }];
    },
    gradient: ({ g, gradient, attributes }) => {
      const inverse: number[] = [];
      attributes.permutation.forEach((axis, i) => (inverse[axis] = i));
      return [g.transpose(gradient, inverse)];
    },
  },
  concat: {
    infer(inputs, { axis }, where) {
      expectInputs(inputs, 1, Infinity, where);
      const first = at(inputs, 0);
      for (const part of inputs) {
        const differs = part.shape.some((size, i) => i !== axis && size !== first.shape[i]);
        if (part.dtype !== first.dtype || part.shape.length !== first.shape.length || differs)
          fail(where, 'parts must agree in type and in all other axes');
      }
      const total = inputs.reduce((sum, part) => sum + (part.shape[axis] ?? fail(where, `there is no axis ${axis}`)), 0);
      return [{ dtype: first.dtype, shape: first.shape.map((size, i) => (i === axis ? total : size)) }];
    },
    gradient: ({ g, gradient, inputs, attributes }) => {
      if (inputs.length === 1) return [gradient];
      return g.split(
        gradient,
        attributes.axis,
        inputs.map((part) => part.shape[attributes.axis] as number),
      );
    },
  },
  slice: {
    infer(inputs, { axis, start, end }, where) {
      expectInputs(inputs, 1, 1, where);
      const x = at(inputs, 0);
      const size = x.shape[axis] ?? fail(where, `there is no axis ${axis}`);
      if (start < 0 || end > size || start >= end) fail(where, `[${start}, ${end}) is no part of an axis of size ${size}`);
      return [{ dtype: x.dtype, shape: x.shape.map((n, i) => (i === axis ? end - start : n)) }];
    },
    gradient: ({ g, gradient, inputs, attributes: { axis, start, end } }) => {
      const { shape } = at(inputs, 0);
      const zeros = (size: number) =>
        size === 0
          ? []
          : [
              g.constant(
                'f32',
                shape.map((n, i) => (i === axis ? size : n)),
                0,
              ),
            ];
      return [g.concat([...zeros(start), gradient, ...zeros((shape[axis] as number) - end)], axis)];
    },
  },
  split: {
    infer(inputs, { axis, sizes }, where) {
      expectInputs(inputs, 1, 1, where);
      const x = at(inputs, 0);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (x.shape[axis] !== total) fail(where, `parts of ${total} do not make axis ${axis}`);
      return sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((n, i) => (i === axis ? size : n)) }));
    },
    gradient: ({ g, gradients, outputs, attributes }) => [
      g.concat(
        outputs.map((part, i) => gradients[i] ?? g.constant('f32', part.shape, 0)),
        attributes.axis,
      ),
    ],
  },
  expand: {
    infer(inputs, { shape }, where) {
      expectInputs(inputs, 1, 1, where);
      const x = at(inputs, 0);
      const reached = broadcast(x.shape, shape, where);
      if (reached.length !== shape.length || reached.some((size, axis) => size !== shape[axis])) fail(where, `cannot grow to [${shape.join(',')}]`);
      return [{ dtype: x.dtype, shape }];
    },
    gradient: ({ g, gradient, inputs }) => [unbroadcast(g, gradient, at(inputs, 0).shape)],
  },
};
