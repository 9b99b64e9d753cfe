/** Softmax, RMS normalization, rotary positions and attention. */
import type { GraphBuilder } from '../builder.ts';
import { sameShape, sizeOf, type Value } from '../ir.ts';
import { at, expectInputs, fail, type Inferred, type Rules } from '../rule.ts';

export type NormalizationOp = 'softmax' | 'logSoftmax' | 'rmsNorm' | 'rope' | 'attention';

function inferSame(inputs: readonly Value[], _attributes: unknown, where: string): Inferred[] {
  expectInputs(inputs, 1, 1, where);
  const x = at(inputs, 0);
  if (x.dtype !== 'f32' || x.shape.length === 0) fail(where, 'needs an f32 operand with at least one axis');
  return [{ dtype: 'f32', shape: x.shape }];
}

/** Sum over the last axis, kept as 1. */
const lastSum = (g: GraphBuilder, x: Value): Value => g.reduceSum(x, [x.shape.length - 1], true);

export const normalization: Rules<NormalizationOp> = {
  softmax: {
    infer: inferSame,
    // dx = y (dy − Σ dy y)
    gradient: ({ g, gradient, outputs }) => {
      const y = at(outputs, 0);
      return [g.mul(y, g.sub(gradient, lastSum(g, g.mul(gradient, y))))];
    },
  },
  logSoftmax: {
    infer: inferSame,
    // dx = dy − softmax(x) Σ dy
    gradient: ({ g, gradient, outputs }) => [g.sub(gradient, g.mul(g.exp(at(outputs, 0)), lastSum(g, gradient)))],
  },
  rmsNorm: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [x, weight] = [at(inputs, 0), at(inputs, 1)];
      if (weight.shape.length !== 1 || weight.shape[0] !== x.shape.at(-1)) fail(where, 'the weight must be as long as the last axis');
      return [
        { dtype: 'f32', shape: x.shape },
        { dtype: 'f32', shape: [...x.shape.slice(0, -1), 1] },
      ];
    },
    // With r = 1/rms over rows of length d: dw = Σ dy x r; dx = r (dy w) − x r³ mean(dy x w). Both sums as products of dy x, with r and with w.
    gradient: ({ g, gradient, inputs, outputs, wanted }) => {
      const [x, weight, inverse] = [at(inputs, 0), at(inputs, 1), at(outputs, 1)];
      const [rows, d] = [sizeOf(inverse.shape), weight.shape[0] as number];
      const dyX = g.reshape(g.mul(gradient, x), [rows, d]);
      const dx = () => {
        const along = g.reshape(g.gemm(dyX, g.reshape(weight, [d, 1]), undefined, { alpha: 1 / d }), inverse.shape);
        const cubed = g.mul(inverse, g.mul(inverse, inverse));
        return g.sub(g.mul(g.mul(gradient, weight), inverse), g.mul(x, g.mul(along, cubed)));
      };
      const dw = () => g.reshape(g.gemm(g.reshape(inverse, [rows, 1]), dyX, undefined, { transposeA: true }), [d]);
      return [wanted[0] ? dx() : undefined, wanted[1] ? dw() : undefined];
    },
  },
  rope: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 4, 4, where);
      const [x, cos, sin, positions] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), at(inputs, 3)];
      const [batch, , length, headSize] = x.shape as readonly number[];
      if (x.shape.length !== 4 || (headSize as number) % 2 !== 0) fail(where, 'needs x [batch, heads, length, an even head size]');
      if (!sameShape(cos.shape, sin.shape) || cos.shape[1] !== (headSize as number) / 2)
        fail(where, 'cos and sin must be [positions, head size / 2]');
      if (positions.dtype !== 'i32' || !sameShape(positions.shape, [batch as number, length as number]))
        fail(where, 'positions must be i32 [batch, length]');
      return [{ dtype: 'f32', shape: x.shape }];
    },
    // A rotation: its adjoint turns the other way.
    gradient: ({ g, gradient, inputs, wanted }) => {
      if (wanted[1] || wanted[2]) throw new Error('rope gives no gradient to its tables: they are constants');
      return [g.rope(gradient, at(inputs, 1), g.neg(at(inputs, 2)), at(inputs, 3))];
    },
  },
  attention: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 4, 4, where);
      const [q, k, v, mask] = [at(inputs, 0), at(inputs, 1), at(inputs, 2), at(inputs, 3)];
      const [z, m, width] = q.shape;
      const s = k.shape[1];
      if (
        q.shape.length !== 3 ||
        !sameShape(k.shape, [z as number, s as number, width as number]) ||
        !sameShape(v.shape.slice(0, 2), k.shape.slice(0, 2))
      ) {
        fail(where, 'needs q [Z, M, hd], k [Z, S, hd], v [Z, S, hv]');
      }
      if (!sameShape(mask.shape.slice(-2), [m as number, s as number]) || (mask.shape.length === 3 && mask.shape[0] !== z) || mask.shape.length > 3) {
        fail(where, 'the mask must be [M, S] or [Z, M, S]');
      }
      return [
        { dtype: 'f32', shape: [z as number, m as number, v.shape[2] as number] },
        { dtype: 'f32', shape: [z as number, m as number, s as number] },
      ];
    },
    // P = softmax(scale QKᵀ + mask), O = PV. dV = PᵀdO; dS = P (dO Vᵀ − rowsum(dO O)); dQ = scale dS K; dK = scale dSᵀ Q.
    // rowsum(dO O) equals rowsum(dP P) and touches [M, hd] instead of [M, S] elements.
    gradient: ({ g, gradient, inputs, outputs, attributes, wanted }) => {
      const [q, k, v] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      if (wanted[3]) throw new Error('attention gives no gradient to its mask: it is a constant');
      const [o, p] = [at(outputs, 0), at(outputs, 1)];
      const dv = wanted[2] ? g.matmul(p, gradient, { transposeA: true }) : undefined;
      if (!wanted[0] && !wanted[1]) return [undefined, undefined, dv];
      const dp = g.matmul(gradient, v, { transposeB: true });
      const ds = g.mul(p, g.sub(dp, lastSum(g, g.mul(gradient, o))));
      return [
        wanted[0] ? g.matmul(ds, k, { alpha: attributes.scale }) : undefined,
        wanted[1] ? g.matmul(ds, q, { transposeA: true, alpha: attributes.scale }) : undefined,
        dv,
      ];
    },
  },
};
