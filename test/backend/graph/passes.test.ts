import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Graph, Value } from '../../../backend/graph/ir.ts';
import { leavesLast, summands } from '../../../backend/graph/passes.ts';
import { peakBytes } from '../../../backend/graph/peakMemory.ts';

const names = (graph: Graph): string[] => graph.nodes.map((node) => graph.outputs.find(({ value }) => node.outputs.includes(value))?.name ?? node.op);

describe('leavesLast', () => {
  it('puts what nobody reads at the end, what is ready first as the last', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'f32', [4, 4]);
    const early = g.exp(x);
    const late = g.exp(g.exp(early));
    const [lateLeaf, earlyLeaf, inputLeaf] = [g.neg(late), g.neg(early), g.neg(x)];
    expect(names(leavesLast(g.finish({ lateLeaf, earlyLeaf, inputLeaf })))).toEqual(['exp', 'exp', 'exp', 'lateLeaf', 'earlyLeaf', 'inputLeaf']);
  });

  it('keeps the graph: the same nodes, inputs and outputs', () => {
    const g = new GraphBuilder();
    const [a, b] = g.split(g.input('x', 'f32', [4, 4]), 0, [1, 3]) as [Value, Value];
    const graph = g.finish({ a: g.exp(a), b });
    const moved = leavesLast(graph);
    expect(new Set(moved.nodes)).toEqual(new Set(graph.nodes));
    expect({ ...moved, nodes: [] }).toEqual({ ...graph, nodes: [] });
  });
});

describe('summands', () => {
  it('are the parts of nested sums of equal shapes', () => {
    const g = new GraphBuilder();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => g.input(name, 'f32', [3])) as [Value, Value, Value];
    const row = g.input('row', 'f32', [1]);
    expect(summands(g, g.add(g.add(a, b), c))).toEqual([a, b, c]);
    expect(summands(g, a)).toEqual([a]);
    const broadcast = g.add(a, row);
    expect(summands(g, broadcast)).toEqual([broadcast]);
  });
});

describe('peakBytes', () => {
  const kilobyte = 1024;
  const vector = (g: GraphBuilder, name = 'x'): Value => g.input(name, 'f32', [256]);
  /** Without the four blocks that stand for the holes in a heap. */
  const peak = (g: GraphBuilder, outputs: Record<string, Value>): number => peakBytes(g.finish(outputs)) / kilobyte - 4;

  it('counts an elementwise chain once', () => {
    const g = new GraphBuilder();
    expect(peak(g, { y: g.sum(g.exp(g.exp(g.exp(vector(g))))) })).toBe(1);
  });

  it('counts what must wait', () => {
    const g = new GraphBuilder();
    const kept = g.exp(vector(g));
    const other = g.softmax(g.softmax(kept));
    // `kept`, and the two buffers of the softmaxes.
    expect(peak(g, { y: g.sum(g.mul(kept, other)) })).toBe(3);
  });

  it('holds a buffer from its first user to its last, for values of one shape', () => {
    const build = (lateShape: readonly number[]): number => {
      const g = new GraphBuilder();
      const scaled = (name: string, shape: readonly number[], factor: Value): Value => g.sum(g.softmax(g.mul(g.input(name, 'f32', shape), factor)));
      const early = g.sum(g.softmax(vector(g)));
      return Math.round(peak(g, { y: scaled('late', lateShape, scaled('between', [16, 16], early)) }));
    };
    expect([build([256]), build([4, 64])]).toEqual([3, 2]);
  });

  it('knows no cost of inputs, outputs and reshapes', () => {
    const g = new GraphBuilder();
    const x = vector(g);
    expect(peakBytes(g.finish({ y: g.exp(x), z: g.reshape(x, [16, 16]) }))).toBe(0);
  });

  it('counts constants that are read and the zeros that rows are added to', () => {
    const g = new GraphBuilder();
    const table = g.constant(
      'f32',
      [256],
      Array.from({ length: 256 }, (_, i) => i),
    );
    const scattered = g.scatterAddRows(g.input('rows', 'i32', [4]), g.input('updates', 'f32', [4, 128]), 2);
    expect(peakBytes(g.finish({ y: g.add(vector(g), table), scattered }))).toBe(2 * kilobyte);
  });
});
