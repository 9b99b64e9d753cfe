/** Cases of softmax, RMS normalization, rotary positions and attention. */
import type { NormalizationOp } from '../../../../backend/graph/ops/normalization.ts';
import { call, type Cases, given, normal, type OpCase, type Sample, unaryCases } from './opCase.ts';

/** 0 where a query may look, a large negative number above the diagonal of the last `columns` positions. */
function causal(rows: number, columns: number): Sample {
  return given(
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) => (i % columns > Math.floor(i / columns) + columns - rows ? -1e9 : 0)),
  );
}

function ropeCase(title: string, heads: number, headSize: number, nPositions: number, positions: Sample): OpCase {
  const [batch, time] = positions.shape as [number, number];
  const half = headSize / 2;
  const angle = (i: number): number => Math.floor(i / half) / (1 + (i % half));
  const table = (turn: (angle: number) => number): Sample =>
    given(
      [nPositions, half],
      Array.from({ length: nPositions * half }, (_, i) => turn(angle(i))),
    );
  const inputs = { x: normal(batch, heads, time, headSize), cos: table(Math.cos), sin: table(Math.sin), positions };
  return call(title, inputs, (g, { x, cos, sin, positions }) => g.rope(x, cos, sin, positions), { fixed: ['cos', 'sin'] });
}

function attentionCase(title: string, q: readonly number[], k: readonly number[], width: number, mask: Sample): OpCase {
  const inputs = { q: normal(...q), k: normal(...k), v: normal(...k.slice(0, 2), width), mask };
  return call(title, inputs, (g, { q, k, v, mask }) => g.emit('attention', [q, k, v, mask], { scale: 0.6 }), { fixed: ['mask'] });
}

export const normalizationCases: Cases<NormalizationOp> = {
  softmax: unaryCases('softmax', normal, [[1], [7], [2, 3, 5]]),
  logSoftmax: unaryCases('logSoftmax', normal, [[1], [7], [2, 3, 5]]),
  rmsNorm: [
    call('rmsNorm of rows', { x: normal(4, 6), w: normal(6) }, (g, { x, w }) => g.emit('rmsNorm', [x, w], { epsilon: 1e-6 })),
    call('rmsNorm of one row with a large epsilon', { x: normal(5), w: normal(5) }, (g, { x, w }) => g.emit('rmsNorm', [x, w], { epsilon: 0.3 })),
    call('rmsNorm of heads', { x: normal(2, 3, 2, 4), w: normal(4) }, (g, { x, w }) => g.emit('rmsNorm', [x, w], { epsilon: 1e-5 })),
  ],
  rope: [
    ropeCase('rope of consecutive positions', 2, 4, 8, given([1, 5], [0, 1, 2, 3, 4], 'i32')),
    ropeCase('rope of padded rows', 3, 6, 9, given([2, 4], [0, 0, 1, 2, 5, 6, 7, 8], 'i32')),
    ropeCase('rope with a table shorter than the sequence', 1, 2, 2, given([1, 4], [0, 1, 1, 0], 'i32')),
    ropeCase('rope of one token', 4, 8, 16, given([3, 1], [0, 15, 7], 'i32')),
  ],
  attention: [
    attentionCase('attention under a causal mask', [2, 4, 6], [2, 4, 6], 6, causal(4, 4)),
    attentionCase('attention to more keys than queries', [3, 2, 4], [3, 5, 4], 4, causal(2, 5)),
    attentionCase('attention with a mask a sequence', [2, 3, 4], [2, 5, 4], 4, normal(2, 3, 5)),
    attentionCase('attention to values of another width', [1, 3, 2], [1, 3, 2], 5, normal(3, 3)),
  ],
};
