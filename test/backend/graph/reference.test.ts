import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Graph, Node } from '../../../backend/graph/ir.ts';
import { evaluate } from '../../../backend/graph/reference.ts';

/** One node over inputs of the given shapes, unchecked by the builder. */
function raw(node: Pick<Node, 'op' | 'attributes'>, inputs: readonly (readonly number[])[], output: readonly number[], dtypes: readonly ('f32' | 'i32')[] = []): Graph {
  return {
    inputs: inputs.map((_, i) => ({ name: `x${i}`, value: i })),
    values: [...inputs.map((shape, i) => ({ dtype: dtypes[i] ?? ('f32' as const), shape })), { dtype: 'f32', shape: output }],
    nodes: [{ ...node, inputs: inputs.map((_, i) => i), outputs: [inputs.length] } as Node],
    outputs: [{ name: 'y', value: inputs.length }],
  };
}

const ones = (length: number): number[] => Array<number>(length).fill(1);

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

  const { transposeA, transposeB } = { transposeA: false, transposeB: false };
  const wrong: { title: string; graph: Graph; feeds: Record<string, number[]>; says: RegExp }[] = [
    { title: 'an input that is not fed', graph: raw({ op: 'exp', attributes: {} }, [[2]], [2]), feeds: {}, says: /input x0 is not fed/ },
    { title: 'a feed of the wrong length', graph: raw({ op: 'exp', attributes: {} }, [[2]], [2]), feeds: { x0: ones(3) }, says: /x0 \[2\] is fed 3 elements/ },
    { title: 'a missing operand', graph: raw({ op: 'add', attributes: {} }, [[2]], [2]), feeds: { x0: ones(2) }, says: /add\(f32\[2\]\): takes 2 operands/ },
    { title: 'shapes that do not broadcast', graph: raw({ op: 'add', attributes: {} }, [[2], [3]], [3]), feeds: { x0: ones(2), x1: ones(3) }, says: /add\(f32\[2\], f32\[3\]\).*broadcast/ },
    { title: 'a result that the graph declares otherwise', graph: raw({ op: 'exp', attributes: {} }, [[2]], [1, 2]), feeds: { x0: ones(2) }, says: /exp: output 0 is f32\[2\], the graph says f32\[1,2\]/ },
    {
      title: 'inner sizes that differ',
      graph: raw({ op: 'matmul', attributes: { transposeA, transposeB, alpha: 1 } }, [[2, 3], [2, 3]], [2, 3]),
      feeds: { x0: ones(6), x1: ones(6) },
      says: /matmul.*inner sizes 3 and 2 differ/,
    },
    { title: 'an index outside its axis', graph: raw({ op: 'gatherRows', attributes: {} }, [[2], [1]], [1], ['f32', 'i32']), feeds: { x0: ones(2), x1: [2] }, says: /gatherRows.*index 2 at position 0 is outside \[0, 2\)/ },
    { title: 'a negative index', graph: raw({ op: 'pick', attributes: {} }, [[1, 2], [1]], [1], ['f32', 'i32']), feeds: { x0: ones(2), x1: [-1] }, says: /pick.*index -1/ },
    { title: 'indices that are not integers by type', graph: raw({ op: 'gatherRows', attributes: {} }, [[2], [1]], [1]), feeds: { x0: ones(2), x1: [1] }, says: /must be i32/ },
    { title: 'an axis that is not there', graph: raw({ op: 'reduceSum', attributes: { axes: [1], keepDims: false } }, [[2]], [2]), feeds: { x0: ones(2) }, says: /reduceSum.*no axis/ },
  ];
  for (const { title, graph, feeds, says } of wrong) {
    it(`names the op and the operands at ${title}`, () => {
      expect(() => evaluate(graph, feeds)).toThrow(says);
    });
  }
});
