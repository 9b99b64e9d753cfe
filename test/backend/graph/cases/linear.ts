/** Cases of matrix products. */
import type { LinearOp } from '../../../../backend/graph/ops/linear.ts';
import { call, type Cases, normal, type OpCase } from './opCase.ts';

function productCases(op: 'matmul' | 'gemm', lead: readonly number[]): OpCase[] {
  const [rows, inner, columns] = [3, 5, 2];
  return [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [1, -0.7].map((alpha) => {
        const options = { transposeA, transposeB, alpha };
        const a = normal(...lead, ...(transposeA ? [inner, rows] : [rows, inner]));
        const b = normal(...lead, ...(transposeB ? [columns, inner] : [inner, columns]));
        const title = `${op} of ${lead.length + 2} axes, transposed ${transposeA} ${transposeB}, alpha ${alpha}`;
        return call(title, { a, b }, (g, { a, b }) => (op === 'gemm' ? g.gemm(a, b, undefined, options) : g.matmul(a, b, options)));
      }),
    ),
  );
}

export const linearCases: Cases<LinearOp> = {
  matmul: [...productCases('matmul', []), ...productCases('matmul', [3]), ...productCases('matmul', [2, 3])],
  gemm: [
    ...productCases('gemm', []),
    call('gemm with a row added', { a: normal(3, 5), b: normal(2, 5), c: normal(2) }, (g, { a, b, c }) => g.linear(a, b, c)),
    call('gemm with a matrix added', { a: normal(5, 3), b: normal(5, 2), c: normal(3, 2) }, (g, { a, b, c }) =>
      g.gemm(a, b, c, { transposeA: true, alpha: 1.5 }),
    ),
    call('gemm of one row with a row added', { a: normal(1, 3), b: normal(3, 4), c: normal(4) }, (g, { a, b, c }) => g.gemm(a, b, c, { alpha: -2 })),
  ],
};
