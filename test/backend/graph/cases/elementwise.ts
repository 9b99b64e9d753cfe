/** Cases of the ops that treat every element alone. */
import type { ElementwiseOp } from '../../../../backend/graph/ops/elementwise.ts';
import { bool, call, type Cases, given, integer, nonZero, normal, type OpCase, positive, type Sample, sample, tied, unaryCases } from './opCase.ts';

type BinaryName = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'less' | 'greater' | 'equal';

function binaryCases(op: BinaryName, a: (...shape: number[]) => Sample, b: (...shape: number[]) => Sample): OpCase[] {
  const shapes: [string, number[], number[]][] = [
    ['equal shapes', [3, 5], [3, 5]],
    ['two scalars', [], []],
    ['a scalar on the left', [], [2, 3]],
    ['a row on the right', [4, 3], [3]],
    ['columns and rows', [4, 1], [1, 7]],
    ['an inner axis of one', [2, 3, 5], [2, 1, 5]],
    ['a longer shape on the right', [5], [2, 3, 5]],
  ];
  const cases = shapes.map(([title, left, right]) => call(`${op} of ${title}`, { x: a(...left), y: b(...right) }, (g, { x, y }) => g[op](x, y)));
  return [...cases, call(`${op} with a literal`, { x: a(3, 3) }, (g, { x }) => g[op](x, 0.75))];
}

function integerCase(op: BinaryName, divisor = false): OpCase {
  const right = divisor ? sample('i32', [3], (rng) => rng.integer(1, 4)) : integer(3);
  return call(`${op} of integers`, { a: integer(5, 3), b: right }, (g, { a, b }) => g[op](a, b));
}

function tiedCase(op: BinaryName): OpCase {
  return call(`${op} at ties`, { a: tied(4, 6), b: tied(4, 6) }, (g, { a, b }) => g[op](a, b), { kinked: true });
}

export const elementwiseCases: Cases<ElementwiseOp> = {
  constant: [
    call('constant of numbers', {}, (g) => g.constant('f32', [2, 3], [1, -2, 0.5, 1e-9, -0, 3e8])),
    call('constant of a typed array', {}, (g) => g.constant('f32', [2], Float32Array.of(0.1, -0.2))),
    call('constant of integers', {}, (g) => g.constant('i32', [3], Int32Array.of(1, -2, 2147483647))),
    call('constant of bools', {}, (g) => g.constant('bool', [3], [1, 0, 1])),
    call('constant filled', {}, (g) => g.constant('f32', [2, 2], -0.25)),
    call('constant scalar infinity', {}, (g) => g.constant('f32', [], -Infinity)),
    call('constant too large for the file', { x: normal(1) }, (g, { x }) => g.mul(g.slice(g.constant('f32', [3, 400_000], 0.5), 1, 0, 2), x)),
  ],
  add: [...binaryCases('add', normal, normal), integerCase('add')],
  sub: [...binaryCases('sub', normal, normal), integerCase('sub')],
  mul: [...binaryCases('mul', normal, normal), integerCase('mul'), call('mul of a value with itself', { x: normal(3) }, (g, { x }) => g.mul(x, x))],
  div: [...binaryCases('div', normal, nonZero), integerCase('div', true)],
  min: [...binaryCases('min', normal, normal), integerCase('min'), tiedCase('min')],
  max: [...binaryCases('max', normal, normal), integerCase('max'), tiedCase('max')],
  less: [...binaryCases('less', normal, normal), integerCase('less'), tiedCase('less')],
  greater: [...binaryCases('greater', normal, normal), integerCase('greater'), tiedCase('greater')],
  equal: [
    ...binaryCases('equal', tied, tied),
    integerCase('equal'),
    call('equal of bools', { a: bool(9), b: bool(9) }, (g, { a, b }) => g.equal(a, b)),
  ],
  where: [
    call('where of equal shapes', { c: bool(3, 5), a: normal(3, 5), b: normal(3, 5) }, (g, { c, a, b }) => g.where(c, a, b)),
    call('where of broadcast operands', { c: bool(4, 1), a: normal(3), b: normal(2, 1, 1) }, (g, { c, a, b }) => g.where(c, a, b)),
    call('where with a scalar condition', { c: bool(), a: normal(3), b: normal(2, 1) }, (g, { c, a, b }) => g.where(c, a, b)),
    call('where with literals', { c: bool(6), a: normal(6) }, (g, { c, a }) => [g.where(c, a, 0.5), g.where(c, 2, 3)]),
    call('where of integers', { c: bool(6), a: integer(6), b: integer(1) }, (g, { c, a, b }) => g.where(c, a, b)),
  ],
  neg: unaryCases('neg', normal),
  exp: unaryCases('exp', normal),
  log: unaryCases('log', positive),
  sqrt: unaryCases('sqrt', positive),
  reciprocal: unaryCases('reciprocal', nonZero),
  sigmoid: unaryCases('sigmoid', normal),
  tanh: unaryCases('tanh', normal),
  swiglu: [call('swiglu of rows', { gate: normal(3, 5), up: normal(3, 5) }, (g, { gate, up }) => g.swiglu(gate, up))],
  clamp: [
    call('clamp to both sides', { x: normal(5, 7) }, (g, { x }) => g.clamp(x, -0.5, 0.8)),
    call('clamp to one side', { x: normal(9) }, (g, { x }) => [g.clamp(x, 0.1, Infinity), g.clamp(x, -Infinity, 0.1)]),
    call('clamp at the ends', { x: tied(9) }, (g, { x }) => g.clamp(x, -1, 0), { kinked: true }),
    call('clamp of a scalar', { x: normal() }, (g, { x }) => g.clamp(x, -3, 0)),
  ],
  cast: [
    call('cast to f32', { i: integer(7), b: bool(7) }, (g, { i, b }) => [g.cast(i, 'f32'), g.cast(b, 'f32')]),
    call('cast to i32 cuts toward zero', { x: given([6], [-1.75, -0.5, 0, 0.5, 1.75, 300.9]), b: bool(4) }, (g, { x, b }) => [
      g.cast(x, 'i32'),
      g.cast(b, 'i32'),
    ]),
    call('cast to bool', { x: tied(8), i: integer(8) }, (g, { x, i }) => [g.cast(x, 'bool'), g.cast(i, 'bool')]),
  ],
  stopGradient: unaryCases('stopGradient', normal),
};
