/** Cases of sums, means, maxima and scans. */
import type { ReductionOp } from '../../../../backend/graph/ops/reduction.ts';
import { call, type Cases, integer, normal, type OpCase, tied, unaryCases } from './opCase.ts';

type ReductionName = 'reduceSum' | 'reduceMean' | 'reduceMax';

function casesOf(op: ReductionName): OpCase[] {
  const settings: [number[], number[], boolean][] = [
    [[2, 3, 5], [2], false],
    [[2, 3, 5], [2], true],
    [[2, 3, 5], [0], false],
    [[2, 3, 5], [0, 2], true],
    [[2, 3, 5], [0, 1, 2], false],
    [[1, 4], [0], false],
    [[2, 3], [], false],
    [[], [], false],
  ];
  return settings.map(([shape, axes, keepDims]) => {
    const title = `${op} of [${shape.join(',')}] over [${axes.join(',')}], ${keepDims ? 'kept' : 'dropped'}`;
    return call(title, { x: normal(...shape) }, (g, { x }) => g[op](x, axes, keepDims));
  });
}

export const reductionCases: Cases<ReductionOp> = {
  reduceSum: [...casesOf('reduceSum'), call('reduceSum of integers', { x: integer(3, 4) }, (g, { x }) => g.reduceSum(x, [1]))],
  reduceMean: casesOf('reduceMean'),
  reduceMax: [...casesOf('reduceMax'), call('reduceMax of integers', { x: integer(3, 4) }, (g, { x }) => g.reduceMax(x, [0], true))],
  argMax: [...unaryCases('argMax', normal, [[7], [2, 3, 5]]), call('argMax at ties', { x: tied(6, 9) }, (g, { x }) => g.argMax(x))],
  cumSum: unaryCases('cumSum', normal, [[7], [2, 3, 5]]),
};
