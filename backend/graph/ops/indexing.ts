/** Ops that read or write rows and elements by index. Indices have no gradient. */
import { at, expectInputs, fail, type Rules } from '../rule.ts';
import { sizeOf } from '../ir.ts';

export type IndexingOp = 'gatherRows' | 'scatterAddRows' | 'pick' | 'unpick';

export const indexing: Rules<IndexingOp> = {
  gatherRows: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [table, indices] = [at(inputs, 0), at(inputs, 1)];
      if (indices.dtype !== 'i32') fail(where, 'indices must be i32');
      if (table.shape.length === 0) fail(where, 'a scalar has no rows');
      return [{ dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] }];
    },
    gradient: ({ g, gradient, inputs }) => {
      const [table, indices] = [at(inputs, 0), at(inputs, 1)];
      const count = sizeOf(indices.shape);
      const flat = g.reshape(gradient, [count, ...table.shape.slice(1)]);
      return [g.scatterAddRows(g.reshape(indices, [count]), flat, table.shape[0] as number), undefined];
    },
  },
  scatterAddRows: {
    infer(inputs, { rows }, where) {
      expectInputs(inputs, 2, 2, where);
      const [indices, updates] = [at(inputs, 0), at(inputs, 1)];
      if (indices.dtype !== 'i32' || indices.shape.length !== 1 || indices.shape[0] !== updates.shape[0])
        fail(where, 'needs one i32 index for each row of the updates');
      return [{ dtype: 'f32', shape: [rows, ...updates.shape.slice(1)] }];
    },
    gradient: ({ g, gradient, inputs }) => [undefined, g.gatherRows(gradient, at(inputs, 0))],
  },
  pick: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [x, indices] = [at(inputs, 0), at(inputs, 1)];
      if (x.shape.length !== 2 || indices.dtype !== 'i32' || indices.shape.length !== 1 || indices.shape[0] !== x.shape[0])
        fail(where, 'needs a matrix and one i32 index a row');
      return [{ dtype: x.dtype, shape: [x.shape[0] as number] }];
    },
    gradient: ({ g, gradient, inputs }) => [g.unpick(gradient, at(inputs, 1), at(inputs, 0).shape[1] as number), undefined],
  },
  unpick: {
    infer(inputs, { width }, where) {
      expectInputs(inputs, 2, 2, where);
      const [values, indices] = [at(inputs, 0), at(inputs, 1)];
      if (values.shape.length !== 1 || indices.dtype !== 'i32' || indices.shape.length !== 1 || indices.shape[0] !== values.shape[0])
        fail(where, 'needs vectors of equal length, the second of i32');
      return [{ dtype: 'f32', shape: [values.shape[0] as number, width] }];
    },
    gradient: ({ g, gradient, inputs }) => [g.pick(gradient, at(inputs, 1)), undefined],
  },
};
