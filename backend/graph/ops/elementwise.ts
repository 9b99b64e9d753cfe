/** Elementwise ops: shapes by broadcasting, derivative over each rule. */
import type { GraphBuilder } from '../builder.ts';
import { sameShape, type DType, type Value } from '../ir.ts';
import { at, broadcast, expectInputs, fail, unbroadcast, type GradientContext, type GradientRule, type OpRule, type Rules } from '../rule.ts';

type Binary = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max';
type Comparison = 'less' | 'greater' | 'equal';
type Unary = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'sigmoid' | 'tanh';
export type ElementwiseOp = Binary | Comparison | Unary | 'swiglu' | 'where' | 'clamp' | 'cast' | 'stopGradient' | 'constant';

/** Rule of a broadcasting op from the gradients of both operands before they are summed over broadcast axes. */
function binary<K extends Binary>(
  partials: (c: GradientContext<K>, dy: Value, a: Value, b: Value) => readonly [() => Value, () => Value],
): OpRule<K> {
  return {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      if (a.dtype !== b.dtype || a.dtype === 'bool') fail(where, 'both operands must be f32 or both i32');
      return [{ dtype: a.dtype, shape: broadcast(a.shape, b.shape, where) }];
    },
    gradient: (c) => {
      const [a, b] = [at(c.inputs, 0), at(c.inputs, 1)];
      const [da, db] = partials(c, c.gradient, a, b);
      return [c.wanted[0] ? unbroadcast(c.g, da(), a.shape) : undefined, c.wanted[1] ? unbroadcast(c.g, db(), b.shape) : undefined];
    },
  };
}

function comparison<K extends Comparison>(): OpRule<K> {
  return {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [a, b] = [at(inputs, 0), at(inputs, 1)];
      if (a.dtype !== b.dtype) fail(where, 'operands differ in type');
      return [{ dtype: 'bool', shape: broadcast(a.shape, b.shape, where) }];
    },
    gradient: 'none',
  };
}

function inferSame(inputs: readonly Value[], _attributes: unknown, where: string): [{ dtype: DType; shape: readonly number[] }] {
  expectInputs(inputs, 1, 1, where);
  const x = at(inputs, 0);
  if (x.dtype !== 'f32') fail(where, 'the operand must be f32');
  return [{ dtype: x.dtype, shape: x.shape }];
}

/** Rule of y = f(x) from dx in terms of dy, x and y. */
function unary<K extends Unary>(derivative: (g: GraphBuilder, dy: Value, x: Value, y: Value) => Value): OpRule<K> {
  const gradient: GradientRule<K> = (c) => [derivative(c.g, c.gradient, at(c.inputs, 0), at(c.outputs, 0))];
  return { infer: inferSame, gradient };
}

/** 1 where the condition holds, else 0. */
const indicator = (g: GraphBuilder, condition: Value): Value => g.where(condition, 1, 0);

export const elementwise: Rules<ElementwiseOp> = {
  constant: {
    infer: (_inputs, { dtype, shape, data }, where) => {
      const size = shape.reduce((product, n) => product * n, 1);
      if (typeof data !== 'number' && data.length !== size) fail(where, `${data.length} numbers do not fill shape [${shape.join(',')}]`);
      return [{ dtype, shape }];
    },
    gradient: 'none',
  },

  // d(a+b) = da + db
  add: binary((_c, dy) => [() => dy, () => dy]),
  // d(a−b) = da − db
  sub: binary(({ g }, dy) => [() => dy, () => g.neg(dy)]),
  // d(ab) = b da + a db
  mul: binary(({ g }, dy, a, b) => [() => g.mul(dy, b), () => g.mul(dy, a)]),
  // d(a/b) = da/b − (a/b) db/b
  div: binary(({ g, outputs }, dy, _a, b) => [() => g.div(dy, b), () => g.neg(g.div(g.mul(dy, at(outputs, 0)), b))]),
  // The smaller (larger) operand passes; at ties the first does.
  min: binary(({ g }, dy, a, b) => [() => g.mul(dy, g.sub(1, indicator(g, g.greater(a, b)))), () => g.mul(dy, indicator(g, g.greater(a, b)))]),
  max: binary(({ g }, dy, a, b) => [() => g.mul(dy, g.sub(1, indicator(g, g.less(a, b)))), () => g.mul(dy, indicator(g, g.less(a, b)))]),

  less: comparison(),
  greater: comparison(),
  equal: comparison(),

  where: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 3, 3, where);
      const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      if (condition.dtype !== 'bool') fail(where, 'the condition must be bool');
      if (a.dtype !== b.dtype) fail(where, 'the branches differ in type');
      return [{ dtype: a.dtype, shape: broadcast(condition.shape, broadcast(a.shape, b.shape, where), where) }];
    },
    gradient: ({ g, gradient, inputs, wanted }) => {
      const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
      return [
        undefined,
        wanted[1] ? unbroadcast(g, g.where(condition, gradient, 0), a.shape) : undefined,
        wanted[2] ? unbroadcast(g, g.where(condition, 0, gradient), b.shape) : undefined,
      ];
    },
  },

  neg: unary((g, dy) => g.neg(dy)),
  exp: unary((g, dy, _x, y) => g.mul(dy, y)),
  log: unary((g, dy, x) => g.div(dy, x)),
  // dy / 2y
  sqrt: unary((g, dy, _x, y) => g.div(g.mul(dy, 0.5), y)),
  // −dy y²
  reciprocal: unary((g, dy, _x, y) => g.neg(g.mul(dy, g.mul(y, y)))),
  // dy y (1 − y)
  sigmoid: unary((g, dy, _x, y) => g.mul(dy, g.mul(y, g.sub(1, y)))),
  // dy (1 − y²)
  tanh: unary((g, dy, _x, y) => g.mul(dy, g.sub(1, g.mul(y, y)))),

  swiglu: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 2, 2, where);
      const [gate, up] = [at(inputs, 0), at(inputs, 1)];
      if (gate.dtype !== 'f32' || up.dtype !== 'f32' || !sameShape(gate.shape, up.shape)) fail(where, 'needs a gate and an up, f32 of one shape');
      return [{ dtype: 'f32', shape: gate.shape }];
    },
    // With σ of the gate x and c = dy σ: du = c x; dx = u c (1 + x (1 − σ)) = u (c + du − du σ). Nothing but x and u is kept from the forward pass.
    gradient: ({ g, gradient, inputs, wanted }) => {
      const [x, up] = [at(inputs, 0), at(inputs, 1)];
      const sigma = g.sigmoid(x);
      const c = g.mul(gradient, sigma);
      const dUp = g.mul(c, x);
      const dx = () => g.mul(up, g.add(c, g.sub(dUp, g.mul(dUp, sigma))));
      return [wanted[0] ? dx() : undefined, wanted[1] ? dUp : undefined];
    },
  },

  clamp: {
    infer: inferSame,
    gradient: ({ g, gradient, inputs, attributes }) => {
      const x = at(inputs, 0);
      return [g.where(g.less(x, attributes.low), 0, g.where(g.greater(x, attributes.high), 0, gradient))];
    },
  },

  cast: {
    infer(inputs, { to }, where) {
      expectInputs(inputs, 1, 1, where);
      return [{ dtype: to, shape: at(inputs, 0).shape }];
    },
    gradient: 'none',
  },

  stopGradient: {
    infer(inputs, _attributes, where) {
      expectInputs(inputs, 1, 1, where);
      return [{ dtype: at(inputs, 0).dtype, shape: at(inputs, 0).shape }];
    },
    gradient: 'none',
  },
};
