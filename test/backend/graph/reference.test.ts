import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Graph, Node, Shape } from '../../../backend/graph/ir.ts';
import type { OpAttributes, OpName } from '../../../backend/graph/ops.ts';
import { evaluate } from '../../../backend/graph/reference.ts';

/** One node over inputs of the given shapes, unchecked by the builder; inputs named x… are f32, i… are i32. */
function raw<K extends OpName>(op: K, attributes: OpAttributes[K], inputs: Readonly<Record<string, Shape>>, output: Shape): Graph {
  const names = Object.keys(inputs);
  const declared = Object.entries(inputs).map(([name, shape]) => ({ dtype: name.startsWith('i') ? ('i32' as const) : ('f32' as const), shape }));
  return {
    inputs: names.map((name, value) => ({ name, value })),
    values: [...declared, { dtype: 'f32', shape: output }],
    nodes: [{ op, attributes, inputs: names.map((_, i) => i), outputs: [names.length] } as unknown as Node],
    outputs: [{ name: 'y', value: names.length }],
  };
}

interface Misuse {
  readonly title: string;
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, number[]>>;
  readonly says: RegExp;
}

const product = { transposeA: false, transposeB: false, alpha: 1 };

const misuses: readonly Misuse[] = [
  { title: 'an input that is not fed', graph: raw('exp', {}, { x: [2] }, [2]), feeds: {}, says: /input x is not fed/ },
  { title: 'a feed of the wrong length', graph: raw('exp', {}, { x: [2] }, [2]), feeds: { x: [1, 1, 1] }, says: /x \[2\] is fed 3 elements/ },
  { title: 'a missing operand', graph: raw('add', {}, { x: [2] }, [2]), feeds: { x: [1, 1] }, says: /add\(f32\[2\]\): takes 2 operands/ },
  {
    title: 'shapes that do not broadcast',
    graph: raw('add', {}, { x: [2], x2: [3] }, [3]),
    feeds: { x: [1, 1], x2: [1, 1, 1] },
    says: /add\(f32\[2\], f32\[3\]\).*broadcast/,
  },
  {
    title: 'a result that the graph declares otherwise',
    graph: raw('exp', {}, { x: [2] }, [1, 2]),
    feeds: { x: [1, 1] },
    says: /exp: output 0 is f32\[2\], the graph says f32\[1,2\]/,
  },
  {
    title: 'inner sizes that differ',
    graph: raw('matmul', product, { x: [1, 2], x2: [1, 2] }, [1, 2]),
    feeds: { x: [1, 1], x2: [1, 1] },
    says: /matmul.*inner sizes 2 and 1 differ/,
  },
  {
    title: 'an index outside its axis',
    graph: raw('gatherRows', {}, { x: [2], i: [1] }, [1]),
    feeds: { x: [1, 1], i: [2] },
    says: /gatherRows.*index 2 at position 0 is outside \[0, 2\)/,
  },
  { title: 'a negative index', graph: raw('pick', {}, { x: [1, 2], i: [1] }, [1]), feeds: { x: [1, 1], i: [-1] }, says: /pick.*index -1/ },
  { title: 'indices of f32', graph: raw('gatherRows', {}, { x: [2], x2: [1] }, [1]), feeds: { x: [1, 1], x2: [1] }, says: /must be i32/ },
  {
    title: 'an axis that is not there',
    graph: raw('reduceSum', { axes: [1], keepDims: false }, { x: [2] }, [2]),
    feeds: { x: [1, 1] },
    says: /reduceSum.*no axis/,
  },
];

describe('the reference evaluator', () => {
  it('computes in float64', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'f32', [2]);
    expect(evaluate(g.finish({ y: g.mul(x, 0.1) }), { x: [1, 1e-300] })['y']).toEqual(Float64Array.of(0.1, 0.1 * 1e-300));
  });

  it('takes arrays of any kind and does not keep them', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'f32', [2]);
    const graph = g.finish({ x });
    const feed = Float64Array.of(1, 2);
    const { x: out } = evaluate(graph, { x: feed });
    feed[0] = 9;
    expect(out).toEqual(Float64Array.of(1, 2));
    for (const other of [[1, 2], Float32Array.of(1, 2), Int32Array.of(1, 2)]) expect(evaluate(graph, { x: other })['x']).toEqual(out);
  });

  for (const { title, graph, feeds, says } of misuses) {
    it(`names the op and the operands at ${title}`, () => {
      expect(() => evaluate(graph, feeds)).toThrow(says);
    });
  }
});
