/** Matrix products. With C = α op(A) op(B): dA = α dC op(B)ᵀ and dB = α op(A)ᵀ dC, transposed back where the operand was. */
import type { GraphBuilder } from '../builder.ts';
import type { Value } from '../ir.ts';
import { at, expectInputs, fail, type Rules } from '../rule.ts';
import type { OpAttributes } from '../ops.ts';

export type LinearOp = 'matmul' | 'gemm';

type Product = (a: Value, b: Value, options: OpAttributes['matmul']) => Value;

/** Rows, inner size and columns of op(a) · op(b) over the last two axes. */
function innerShape(a: Value, b: Value, { transposeA, transposeB }: OpAttributes['matmul'], where: string): [number, number] {
  const [aRows, aColumns] = [a.shape.at(-2) as number, a.shape.at(-1) as number];
  const [bRows, bColumns] = [b.shape.at(-2) as number, b.shape.at(-1) as number];
  const inner = transposeA ? aRows : aColumns;
  if (inner !== (transposeB ? bColumns : bRows)) fail(where, `inner sizes differ (transposeA ${transposeA}, transposeB ${transposeB})`);
  return [transposeA ? aColumns : aRows, transposeB ? bRows : bColumns];
}

function operandGradients(
  product: Product,
  dy: Value,
  a: Value,
  b: Value,
  { transposeA, transposeB, alpha }: OpAttributes['matmul'],
  wanted: readonly boolean[],
) {
  const da = () =>
    transposeA
      ? product(b, dy, { transposeA: transposeB, transposeB: true, alpha })
      : product(dy, b, { transposeA: false, transposeB: !transposeB, alpha });
  const db = () =>
    transposeB
      ? product(dy, a, { transposeA: true, transposeB: transposeA, alpha })
      : product(a, dy, { transposeA: !transposeA, transposeB: false, alpha });
  return [wanted[0] ? da() : undefined, wanted[1] ? db() : undefined] as const;
}

const gemmOf =
  (g: GraphBuilder): Product =>
  (a, b, options) =>
    g.gemm(a, b, undefined, options);

export const linear: Rules<LinearOp> = {
  matmul: {
    infer(inputs, attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      const lead = a.shape.slice(0, -2);
      if (a.shape.length < 2 || a.shape.length !== b.shape.length || lead.some((size, axis) => size !== b.shape[axis]))
        fail(where, 'leading axes must be equal');
      return [{ dtype: 'f32', shape: [...lead, ...innerShape(a, b, attributes, where)] }];
    },
    gradient: ({ g, gradient, inputs, attributes, wanted }) =>
      operandGradients((a, b, options) => g.matmul(a, b, options), gradient, at(inputs, 0), at(inputs, 1), attributes, wanted),
  },
  gemm: {
    infer(inputs, attributes, where) {
      expectInputs(inputs, 2, 3, where);
      const [a, b, c] = [at(inputs, 0), at(inputs, 1), inputs[2]];
      if (a.shape.length !== 2 || b.shape.length !== 2) fail(where, 'needs two matrices');
      const shape = innerShape(a, b, attributes, where);
      if (c !== undefined) {
        const fits = c.shape.length === 1 ? c.shape[0] === shape[1] : c.shape.length === 2 && c.shape[0] === shape[0] && c.shape[1] === shape[1];
        if (!fits) fail(where, `the added operand must be [${shape[1]}] or [${shape.join(',')}]`);
      }
      return [{ dtype: 'f32', shape }];
    },
    gradient: ({ g, gradient, inputs, attributes, wanted }) => {
      const c = inputs[2];
      const dc = c === undefined || !wanted[2] ? undefined : c.shape.length === 1 ? g.reduceSum(gradient, [0]) : gradient;
      return [...operandGradients(gemmOf(g), gradient, at(inputs, 0), at(inputs, 1), attributes, wanted), dc];
    },
  },
};
