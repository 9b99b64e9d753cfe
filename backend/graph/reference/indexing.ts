/** Reference of the ops that read or write by index. Indexes outside their axis are errors, negative ones too. */
import { sizeOf } from '../ir.ts';
import type { IndexingOp } from '../ops/indexing.ts';
import { at, check, fill, type Kernels, size, type Tensor } from './tensor.ts';

function indexAt(indices: Tensor, position: number, length: number): number {
  const index = at(indices.data, position);
  check(Number.isInteger(index) && index >= 0 && index < length, `index ${index} at position ${position} is outside [0, ${length})`);
  return index;
}

function checkOnePerRow(indices: Tensor, rows: Tensor): void {
  const fits = indices.dtype === 'i32' && indices.shape.length === 1 && indices.shape[0] === rows.shape[0];
  check(fits, `${indices.dtype}[${indices.shape.join(',')}] is not one i32 index for each row of [${rows.shape.join(',')}]`);
}

export const indexing: Kernels<IndexingOp> = {
  gatherRows: (_attributes, table, indices) => {
    check(indices.dtype === 'i32', 'indices must be i32');
    const nRows = size(table.shape, 0);
    const width = sizeOf(table.shape.slice(1));
    const shape = [...indices.shape, ...table.shape.slice(1)];
    return [fill(table.dtype, shape, (i) => at(table.data, indexAt(indices, Math.floor(i / width), nRows) * width + (i % width)))];
  },
  scatterAddRows: ({ rows }, indices, updates) => {
    checkOnePerRow(indices, updates);
    const width = sizeOf(updates.shape.slice(1));
    const out = fill(updates.dtype, [rows, ...updates.shape.slice(1)], () => 0);
    updates.data.forEach((update, i) => {
      const target = indexAt(indices, Math.floor(i / width), rows) * width + (i % width);
      out.data[target] = at(out.data, target) + update;
    });
    return [out];
  },
  pick: (_attributes, x, indices) => {
    checkOnePerRow(indices, x);
    const width = size(x.shape, 1);
    check(x.shape.length === 2, 'x must be a matrix');
    return [fill(x.dtype, indices.shape, (row) => at(x.data, row * width + indexAt(indices, row, width)))];
  },
  unpick: ({ width }, g, indices) => {
    checkOnePerRow(indices, g);
    check(g.shape.length === 1, 'g must be a vector');
    const out = fill(g.dtype, [...g.shape, width], () => 0);
    g.data.forEach((value, row) => (out.data[row * width + indexAt(indices, row, width)] = value));
    return [out];
  },
};
