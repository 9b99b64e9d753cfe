/** Calls of every op, complete by type: an op without a case does not compile. Used against the runtime and against finite differences. */
import { Rng } from '../../../backend/core/rng.ts';
import type { GraphBuilder } from '../../../backend/graph/builder.ts';
import { type DType, type Shape, sizeOf, type Value } from '../../../backend/graph/ir.ts';
import type { OpName } from '../../../backend/graph/ops.ts';

/** An input of a case; `seed` is mixed in so that two inputs of one recipe differ. */
export interface Sample {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: (rng: Rng) => readonly number[];
}

export interface OpCase {
  readonly title: string;
  readonly inputs: Readonly<Record<string, Sample>>;
  build(g: GraphBuilder, inputs: Readonly<Record<string, Value>>): Value | readonly Value[];
  /** f32 inputs that are constants by the op's contract: no gradient is asked for. */
  readonly fixed?: readonly string[];
  /** The data sits on a kink or a tie, where differences say nothing. */
  readonly kinked?: boolean;
}

export type OpCases = { readonly [K in OpName]: readonly OpCase[] };

/** The data of each input, the same at each call; f32 values are exact in single precision. */
export function feedsOf(opCase: OpCase): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(opCase.inputs).map(([name, { dtype, data }]) => {
      const values = data(Rng.of(7, opCase.title, name));
      return [name, dtype === 'f32' ? values.map(Math.fround) : [...values]];
    }),
  );
}

function sample(dtype: DType, shape: Shape, draw: (rng: Rng) => number): Sample {
  return { dtype, shape, data: (rng) => Array.from({ length: sizeOf(shape) }, () => draw(rng)) };
}

const normal = (...shape: number[]): Sample => sample('f32', shape, (rng) => rng.normal());
const positive = (...shape: number[]): Sample => sample('f32', shape, (rng) => 0.3 + 2 * rng.uniform());
/** Either sign, magnitude at least 0.4: safe to divide by. */
const nonZero = (...shape: number[]): Sample => sample('f32', shape, (rng) => (rng.uniform() < 0.5 ? -1 : 1) * (0.4 + 2 * rng.uniform()));
/** Few distinct values, so ties are common. */
const tied = (...shape: number[]): Sample => sample('f32', shape, (rng) => rng.integer(-1, 1));
const index = (below: number, ...shape: number[]): Sample => sample('i32', shape, (rng) => rng.integer(0, below - 1));
const integer = (...shape: number[]): Sample => sample('i32', shape, (rng) => rng.integer(-9, 9));
const bool = (...shape: number[]): Sample => sample('bool', shape, (rng) => rng.integer(0, 1));
const given = (shape: Shape, data: readonly number[], dtype: DType = 'f32'): Sample => ({ dtype, shape, data: () => data });

/** 0 where a query may look, a large negative number above the diagonal of the last `columns` positions. */
function causal(rows: number, columns: number): Sample {
  return given([rows, columns], Array.from({ length: rows * columns }, (_, i) => ((i % columns) > Math.floor(i / columns) + columns - rows ? -1e9 : 0)));
}

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'less' | 'greater' | 'equal';

function binaryCases(op: BinaryName, a: (...shape: number[]) => Sample, b: (...shape: number[]) => Sample): OpCase[] {
  const build: OpCase['build'] = (g, { a: left, b: right }) => g[op](left as Value, right as Value);
  const shapes: [string, number[], number[]][] = [
    ['equal shapes', [3, 5], [3, 5]],
    ['two scalars', [], []],
    ['a scalar on the left', [], [2, 3]],
    ['a row on the right', [4, 3], [3]],
    ['columns and rows', [4, 1], [1, 7]],
    ['an inner axis of one', [2, 3, 5], [2, 1, 5]],
    ['a longer shape on the right', [5], [2, 3, 5]],
  ];
  const cases = shapes.map(([title, left, right]) => ({ title: `${op} of ${title}`, inputs: { a: a(...left), b: b(...right) }, build }));
  const literal: OpCase = { title: `${op} with a literal`, inputs: { a: a(3, 3) }, build: (g, { a: left }) => g[op](left as Value, 0.75) };
  return [...cases, literal];
}

function integerCase(op: BinaryName, divisor = false): OpCase {
  const right = divisor ? sample('i32', [3], (rng) => rng.integer(1, 4)) : integer(3);
  return { title: `${op} of integers`, inputs: { a: integer(5, 3), b: right }, build: (g, { a, b }) => g[op](a as Value, b as Value) };
}

function tiedCase(op: BinaryName): OpCase {
  return { title: `${op} at ties`, inputs: { a: tied(4, 6), b: tied(4, 6) }, build: (g, { a, b }) => g[op](a as Value, b as Value), kinked: true };
}

type UnaryName = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'sigmoid' | 'tanh' | 'silu' | 'softmax' | 'logSoftmax' | 'argMax' | 'cumSum' | 'stopGradient';

function unaryCases(op: UnaryName, of: (...shape: number[]) => Sample, shapes: readonly number[][] = [[], [7], [2, 3, 5]]): OpCase[] {
  return shapes.map((shape) => ({ title: `${op} of [${shape.join(',')}]`, inputs: { x: of(...shape) }, build: (g, { x }) => g[op](x as Value) }));
}

type ReductionName = 'reduceSum' | 'reduceMean' | 'reduceMax';

function reductionCases(op: ReductionName): OpCase[] {
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
  return settings.map(([shape, axes, keepDims]) => ({
    title: `${op} of [${shape.join(',')}] over [${axes.join(',')}], ${keepDims ? 'kept' : 'dropped'}`,
    inputs: { x: normal(...shape) },
    build: (g, { x }) => g[op](x as Value, axes, keepDims),
  }));
}

function productCases(op: 'matmul' | 'gemm', lead: readonly number[]): OpCase[] {
  const [rows, inner, columns] = [3, 5, 2];
  return [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [1, -0.7].map((alpha) => ({
        title: `${op} of ${lead.length + 2} axes, transposed ${transposeA} ${transposeB}, alpha ${alpha}`,
        inputs: {
          a: normal(...lead, ...(transposeA ? [inner, rows] : [rows, inner])),
          b: normal(...lead, ...(transposeB ? [columns, inner] : [inner, columns])),
        },
        build: (g: GraphBuilder, { a, b }: Readonly<Record<string, Value>>) =>
          op === 'gemm'
            ? g.gemm(a as Value, b as Value, undefined, { transposeA, transposeB, alpha })
            : g.matmul(a as Value, b as Value, { transposeA, transposeB, alpha }),
      })),
    ),
  );
}

function ropeCase(title: string, heads: number, headSize: number, nPositions: number, positions: Sample): OpCase {
  const [batch, time] = positions.shape as [number, number];
  const table = (turn: (angle: number) => number): Sample =>
    given([nPositions, headSize / 2], Array.from({ length: (nPositions * headSize) / 2 }, (_, i) => turn(Math.floor((2 * i) / headSize) / (1 + (i % (headSize / 2))))));
  return {
    title,
    inputs: { x: normal(batch, time, heads * headSize), cos: table(Math.cos), sin: table(Math.sin), positions },
    build: (g, { x, cos, sin, positions: at }) => g.rope(x as Value, cos as Value, sin as Value, at as Value, heads),
    fixed: ['cos', 'sin'],
  };
}

function attentionCase(title: string, q: readonly number[], k: readonly number[], width: number, mask: Sample): OpCase {
  return {
    title,
    inputs: { q: normal(...q), k: normal(...k), v: normal(...k.slice(0, 2), width), mask },
    build: (g, inputs) => g.emit('attention', ['q', 'k', 'v', 'mask'].map((name) => inputs[name] as Value), { scale: 0.6 }),
    fixed: ['mask'],
  };
}

export const opCases: OpCases = {
  constant: [
    { title: 'constant of numbers', inputs: {}, build: (g) => g.constant('f32', [2, 3], [1, -2, 0.5, 1e-9, -0, 3e8]) },
    { title: 'constant of a typed array', inputs: {}, build: (g) => g.constant('f32', [2], Float32Array.of(0.1, -0.2)) },
    { title: 'constant of integers', inputs: {}, build: (g) => g.constant('i32', [3], Int32Array.of(1, -2, 2147483647)) },
    { title: 'constant of bools', inputs: {}, build: (g) => g.constant('bool', [3], [1, 0, 1]) },
    { title: 'constant filled', inputs: {}, build: (g) => g.constant('f32', [2, 2], -0.25) },
    { title: 'constant scalar infinity', inputs: {}, build: (g) => g.constant('f32', [], -Infinity) },
    { title: 'constant too large for the file', inputs: { x: normal(1) }, build: (g, { x }) => g.mul(g.slice(g.constant('f32', [3, 400_000], 0.5), 1, 0, 2), x as Value) },
  ],

  add: [...binaryCases('add', normal, normal), integerCase('add')],
  sub: [...binaryCases('sub', normal, normal), integerCase('sub')],
  mul: [
    ...binaryCases('mul', normal, normal),
    integerCase('mul'),
    { title: 'mul of a value with itself', inputs: { x: normal(3) }, build: (g, { x }) => g.mul(x as Value, x as Value) },
  ],
  div: [...binaryCases('div', normal, nonZero), integerCase('div', true)],
  min: [...binaryCases('min', normal, normal), integerCase('min'), tiedCase('min')],
  max: [...binaryCases('max', normal, normal), integerCase('max'), tiedCase('max')],
  less: [...binaryCases('less', normal, normal), integerCase('less'), tiedCase('less')],
  greater: [...binaryCases('greater', normal, normal), integerCase('greater'), tiedCase('greater')],
  equal: [
    ...binaryCases('equal', tied, tied),
    integerCase('equal'),
    { title: 'equal of bools', inputs: { a: bool(9), b: bool(9) }, build: (g, { a, b }) => g.equal(a as Value, b as Value) },
  ],
  where: [
    { title: 'where of equal shapes', inputs: { c: bool(3, 5), a: normal(3, 5), b: normal(3, 5) }, build: (g, { c, a, b }) => g.where(c as Value, a as Value, b as Value) },
    { title: 'where of broadcast operands', inputs: { c: bool(4, 1), a: normal(3), b: normal(2, 1, 1) }, build: (g, { c, a, b }) => g.where(c as Value, a as Value, b as Value) },
    { title: 'where with a scalar condition', inputs: { c: bool(), a: normal(3), b: normal(2, 1) }, build: (g, { c, a, b }) => g.where(c as Value, a as Value, b as Value) },
    { title: 'where with literals', inputs: { c: bool(6), a: normal(6) }, build: (g, { c, a }) => [g.where(c as Value, a as Value, 0.5), g.where(c as Value, 2, 3)] },
    { title: 'where of integers', inputs: { c: bool(6), a: integer(6), b: integer(1) }, build: (g, { c, a, b }) => g.where(c as Value, a as Value, b as Value) },
  ],

  neg: unaryCases('neg', normal),
  exp: unaryCases('exp', normal),
  log: unaryCases('log', positive),
  sqrt: unaryCases('sqrt', positive),
  reciprocal: unaryCases('reciprocal', nonZero),
  sigmoid: unaryCases('sigmoid', normal),
  tanh: unaryCases('tanh', normal),
  silu: unaryCases('silu', normal),
  clamp: [
    { title: 'clamp to both sides', inputs: { x: normal(5, 7) }, build: (g, { x }) => g.clamp(x as Value, -0.5, 0.8) },
    { title: 'clamp to one side', inputs: { x: normal(9) }, build: (g, { x }) => [g.clamp(x as Value, 0.1, Infinity), g.clamp(x as Value, -Infinity, 0.1)] },
    { title: 'clamp at the ends', inputs: { x: tied(9) }, build: (g, { x }) => g.clamp(x as Value, -1, 0), kinked: true },
    { title: 'clamp of a scalar', inputs: { x: normal() }, build: (g, { x }) => g.clamp(x as Value, -3, 0) },
  ],
  cast: [
    { title: 'cast to f32', inputs: { i: integer(7), b: bool(7) }, build: (g, { i, b }) => [g.cast(i as Value, 'f32'), g.cast(b as Value, 'f32')] },
    { title: 'cast to i32 cuts toward zero', inputs: { x: given([6], [-1.75, -0.5, 0, 0.5, 1.75, 300.9]), b: bool(4) }, build: (g, { x, b }) => [g.cast(x as Value, 'i32'), g.cast(b as Value, 'i32')] },
    { title: 'cast to bool', inputs: { x: tied(8), i: integer(8) }, build: (g, { x, i }) => [g.cast(x as Value, 'bool'), g.cast(i as Value, 'bool')] },
  ],
  stopGradient: unaryCases('stopGradient', normal),

  reduceSum: [...reductionCases('reduceSum'), { title: 'reduceSum of integers', inputs: { x: integer(3, 4) }, build: (g, { x }) => g.reduceSum(x as Value, [1]) }],
  reduceMean: reductionCases('reduceMean'),
  reduceMax: [...reductionCases('reduceMax'), { title: 'reduceMax of integers', inputs: { x: integer(3, 4) }, build: (g, { x }) => g.reduceMax(x as Value, [0], true) }],

  reshape: [
    { title: 'reshape to more axes', inputs: { x: normal(6, 4) }, build: (g, { x }) => g.reshape(x as Value, [2, 3, 4]) },
    { title: 'reshape from and to a scalar', inputs: { x: normal(1, 1), y: normal() }, build: (g, { x, y }) => [g.reshape(x as Value, []), g.reshape(y as Value, [1])] },
    { title: 'reshape of integers', inputs: { x: integer(6) }, build: (g, { x }) => g.reshape(x as Value, [3, 2]) },
  ],
  transpose: [
    { title: 'transpose of a matrix', inputs: { x: normal(3, 5) }, build: (g, { x }) => g.transpose(x as Value, [1, 0]) },
    { title: 'transpose by a cycle', inputs: { x: normal(2, 3, 5) }, build: (g, { x }) => g.transpose(x as Value, [1, 2, 0]) },
    { title: 'transpose of four axes', inputs: { x: normal(2, 3, 4, 5) }, build: (g, { x }) => g.transpose(x as Value, [0, 2, 1, 3]) },
    { title: 'transpose of integers', inputs: { x: integer(2, 3) }, build: (g, { x }) => g.transpose(x as Value, [1, 0]) },
  ],
  concat: [
    { title: 'concat on the first axis', inputs: { a: normal(2, 3), b: normal(1, 3) }, build: (g, { a, b }) => g.concat([a as Value, b as Value], 0) },
    { title: 'concat of three on the last axis', inputs: { a: normal(2, 3), b: normal(2, 1), c: normal(2, 2) }, build: (g, { a, b, c }) => g.concat([a as Value, b as Value, c as Value], 1) },
    { title: 'concat of one part', inputs: { a: normal(2, 3) }, build: (g, { a }) => g.concat([a as Value], 1) },
    { title: 'concat of a value with itself', inputs: { a: normal(2, 2, 2) }, build: (g, { a }) => g.concat([a as Value, a as Value], 1) },
    { title: 'concat of integers', inputs: { a: integer(2), b: integer(3) }, build: (g, { a, b }) => g.concat([a as Value, b as Value], 0) },
  ],
  slice: [
    { title: 'slice inside an axis', inputs: { x: normal(3, 7) }, build: (g, { x }) => g.slice(x as Value, 1, 2, 5) },
    { title: 'slice at either end', inputs: { x: normal(5, 2) }, build: (g, { x }) => [g.slice(x as Value, 0, 0, 2), g.slice(x as Value, 0, 4, 5)] },
    { title: 'slice of a whole axis', inputs: { x: normal(2, 3, 4) }, build: (g, { x }) => g.slice(x as Value, 1, 0, 3) },
  ],
  split: [
    { title: 'split into unequal parts', inputs: { x: normal(3, 7) }, build: (g, { x }) => g.split(x as Value, 1, [1, 4, 2]) },
    { title: 'split of the first axis', inputs: { x: normal(4, 3) }, build: (g, { x }) => g.split(x as Value, 0, [2, 2]) },
    { title: 'split with one part used', inputs: { x: normal(4, 3) }, build: (g, { x }) => g.split(x as Value, 0, [1, 2, 1])[1] as Value },
    { title: 'split into one part', inputs: { x: normal(4) }, build: (g, { x }) => g.split(x as Value, 0, [4]) },
  ],
  expand: [
    { title: 'expand of a scalar', inputs: { x: normal() }, build: (g, { x }) => g.expand(x as Value, [2, 3]) },
    { title: 'expand of inner and leading axes', inputs: { x: normal(3, 1, 2) }, build: (g, { x }) => g.expand(x as Value, [4, 3, 5, 2]) },
    { title: 'expand to its own shape', inputs: { x: normal(3, 2) }, build: (g, { x }) => g.expand(x as Value, [3, 2]) },
  ],

  gatherRows: [
    { title: 'gatherRows of a matrix', inputs: { t: normal(5, 3), i: given([4], [4, 0, 4, 2], 'i32') }, build: (g, { t, i }) => g.gatherRows(t as Value, i as Value) },
    { title: 'gatherRows by a matrix of indices', inputs: { t: normal(6, 2, 2), i: index(6, 2, 3) }, build: (g, { t, i }) => g.gatherRows(t as Value, i as Value) },
    { title: 'gatherRows by one index', inputs: { t: normal(5, 3), i: index(5) }, build: (g, { t, i }) => g.gatherRows(t as Value, i as Value) },
    { title: 'gatherRows of numbers', inputs: { t: normal(5), i: index(5, 7) }, build: (g, { t, i }) => g.gatherRows(t as Value, i as Value) },
    { title: 'gatherRows of integers', inputs: { t: integer(5), i: index(5, 7) }, build: (g, { t, i }) => g.gatherRows(t as Value, i as Value) },
  ],
  scatterAddRows: [
    { title: 'scatterAddRows with repeated rows', inputs: { i: given([5], [1, 3, 1, 0, 1], 'i32'), u: normal(5, 3) }, build: (g, { i, u }) => g.scatterAddRows(i as Value, u as Value, 6) },
    { title: 'scatterAddRows of blocks', inputs: { i: index(3, 4), u: normal(4, 2, 3) }, build: (g, { i, u }) => g.scatterAddRows(i as Value, u as Value, 3) },
    { title: 'scatterAddRows of numbers', inputs: { i: index(3, 8), u: normal(8) }, build: (g, { i, u }) => g.scatterAddRows(i as Value, u as Value, 3) },
  ],
  pick: [
    { title: 'pick of each row', inputs: { x: normal(5, 7), i: index(7, 5) }, build: (g, { x, i }) => g.pick(x as Value, i as Value) },
    { title: 'pick of one row', inputs: { x: normal(1, 3), i: index(3, 1) }, build: (g, { x, i }) => g.pick(x as Value, i as Value) },
  ],
  unpick: [
    { title: 'unpick to each row', inputs: { x: normal(5), i: index(7, 5) }, build: (g, { x, i }) => g.unpick(x as Value, i as Value, 7) },
    { title: 'unpick to one column', inputs: { x: normal(3), i: index(1, 3) }, build: (g, { x, i }) => g.unpick(x as Value, i as Value, 1) },
  ],

  matmul: [...productCases('matmul', []), ...productCases('matmul', [3]), ...productCases('matmul', [2, 3])],
  gemm: [
    ...productCases('gemm', []),
    { title: 'gemm with a row added', inputs: { a: normal(3, 5), b: normal(2, 5), c: normal(2) }, build: (g, { a, b, c }) => g.linear(a as Value, b as Value, c as Value) },
    {
      title: 'gemm with a matrix added',
      inputs: { a: normal(5, 3), b: normal(5, 2), c: normal(3, 2) },
      build: (g, { a, b, c }) => g.gemm(a as Value, b as Value, c as Value, { transposeA: true, alpha: 1.5 }),
    },
    {
      title: 'gemm of one row with a row added',
      inputs: { a: normal(1, 3), b: normal(3, 4), c: normal(4) },
      build: (g, { a, b, c }) => g.gemm(a as Value, b as Value, c as Value, { alpha: -2 }),
    },
  ],

  softmax: unaryCases('softmax', normal, [[1], [7], [2, 3, 5]]),
  logSoftmax: unaryCases('logSoftmax', normal, [[1], [7], [2, 3, 5]]),
  rmsNorm: [
    { title: 'rmsNorm of rows', inputs: { x: normal(4, 6), w: normal(6) }, build: (g, { x, w }) => g.rmsNorm(x as Value, w as Value, 1e-6) },
    { title: 'rmsNorm of one row with a large epsilon', inputs: { x: normal(5), w: normal(5) }, build: (g, { x, w }) => g.rmsNorm(x as Value, w as Value, 0.3) },
    { title: 'rmsNorm of heads', inputs: { x: normal(2, 3, 2, 4), w: normal(4) }, build: (g, { x, w }) => g.rmsNorm(x as Value, w as Value, 1e-5) },
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

  argMax: [
    ...unaryCases('argMax', normal, [[7], [2, 3, 5]]),
    { title: 'argMax at ties', inputs: { x: tied(6, 9) }, build: (g, { x }) => g.argMax(x as Value) },
  ],
  cumSum: unaryCases('cumSum', normal, [[7], [2, 3, 5]]),
};
