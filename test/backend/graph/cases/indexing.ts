/** Cases of the ops that read or write by index. */
import type { IndexingOp } from '../../../../backend/graph/ops/indexing.ts';
import { call, type Cases, given, index, integer, normal } from './opCase.ts';

export const indexingCases: Cases<IndexingOp> = {
  gatherRows: [
    call('gatherRows of a matrix', { t: normal(5, 3), i: given([4], [4, 0, 4, 2], 'i32') }, (g, { t, i }) => g.gatherRows(t, i)),
    call('gatherRows by a matrix of indices', { t: normal(6, 2, 2), i: index(6, 2, 3) }, (g, { t, i }) => g.gatherRows(t, i)),
    call('gatherRows by one index', { t: normal(5, 3), i: index(5) }, (g, { t, i }) => g.gatherRows(t, i)),
    call('gatherRows of numbers', { t: normal(5), i: index(5, 7) }, (g, { t, i }) => g.gatherRows(t, i)),
    call('gatherRows of integers', { t: integer(5), i: index(5, 7) }, (g, { t, i }) => g.gatherRows(t, i)),
  ],
  scatterAddRows: [
    call('scatterAddRows with repeated rows', { i: given([5], [1, 3, 1, 0, 1], 'i32'), u: normal(5, 3) }, (g, { i, u }) => g.scatterAddRows(i, u, 6)),
    call('scatterAddRows of blocks', { i: index(3, 4), u: normal(4, 2, 3) }, (g, { i, u }) => g.scatterAddRows(i, u, 3)),
    call('scatterAddRows of numbers', { i: index(3, 8), u: normal(8) }, (g, { i, u }) => g.scatterAddRows(i, u, 3)),
  ],
  pick: [
    call('pick of each row', { x: normal(5, 7), i: index(7, 5) }, (g, { x, i }) => g.pick(x, i)),
    call('pick of one row', { x: normal(1, 3), i: index(3, 1) }, (g, { x, i }) => g.pick(x, i)),
  ],
  unpick: [
    call('unpick to each row', { x: normal(5), i: index(7, 5) }, (g, { x, i }) => g.unpick(x, i, 7)),
    call('unpick to one column', { x: normal(3), i: index(1, 3) }, (g, { x, i }) => g.unpick(x, i, 1)),
  ],
};
