/** Cases of the ops that move elements. */
import type { ShapingOp } from '../../../../backend/graph/ops/shaping.ts';
import { call, type Cases, integer, normal } from './opCase.ts';

export const shapingCases: Cases<ShapingOp> = {
  reshape: [
    call('reshape to more axes', { x: normal(6, 4) }, (g, { x }) => g.reshape(x, [2, 3, 4])),
    call('reshape from and to a scalar', { x: normal(1, 1), y: normal() }, (g, { x, y }) => [g.reshape(x, []), g.reshape(y, [1])]),
    call('reshape of integers', { x: integer(6) }, (g, { x }) => g.reshape(x, [3, 2])),
  ],
  transpose: [
    call('transpose of a matrix', { x: normal(3, 5) }, (g, { x }) => g.transpose(x, [1, 0])),
    call('transpose by a cycle', { x: normal(2, 3, 5) }, (g, { x }) => g.transpose(x, [1, 2, 0])),
    call('transpose of four axes', { x: normal(2, 3, 4, 5) }, (g, { x }) => g.transpose(x, [0, 2, 1, 3])),
    call('transpose of integers', { x: integer(2, 3) }, (g, { x }) => g.transpose(x, [1, 0])),
  ],
  concat: [
    call('concat on the first axis', { a: normal(2, 3), b: normal(1, 3) }, (g, { a, b }) => g.concat([a, b], 0)),
    call('concat of three on the last axis', { a: normal(2, 3), b: normal(2, 1), c: normal(2, 2) }, (g, { a, b, c }) => g.concat([a, b, c], 1)),
    call('concat of one part', { a: normal(2, 3) }, (g, { a }) => g.concat([a], 1)),
    call('concat of a value with itself', { a: normal(2, 2, 2) }, (g, { a }) => g.concat([a, a], 1)),
    call('concat of integers', { a: integer(2), b: integer(3) }, (g, { a, b }) => g.concat([a, b], 0)),
  ],
  slice: [
    call('slice inside an axis', { x: normal(3, 7) }, (g, { x }) => g.slice(x, 1, 2, 5)),
    call('slice at either end', { x: normal(5, 2) }, (g, { x }) => [g.slice(x, 0, 0, 2), g.slice(x, 0, 4, 5)]),
    call('slice of a whole axis', { x: normal(2, 3, 4) }, (g, { x }) => g.slice(x, 1, 0, 3)),
  ],
  split: [
    call('split into unequal parts', { x: normal(3, 7) }, (g, { x }) => g.split(x, 1, [1, 4, 2])),
    call('split of the first axis', { x: normal(4, 3) }, (g, { x }) => g.split(x, 0, [2, 2])),
    call('split with one part used', { x: normal(4, 3) }, (g, { x }) => g.split(x, 0, [1, 2, 1]).slice(1, 2)),
    call('split into one part', { x: normal(4) }, (g, { x }) => g.split(x, 0, [4])),
  ],
  expand: [
    call('expand of a scalar', { x: normal() }, (g, { x }) => g.expand(x, [2, 3])),
    call('expand of inner and leading axes', { x: normal(3, 1, 2) }, (g, { x }) => g.expand(x, [4, 3, 5, 2])),
    call('expand to its own shape', { x: normal(3, 2) }, (g, { x }) => g.expand(x, [3, 2])),
  ],
};
