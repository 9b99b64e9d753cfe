import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import type { Graph, Value } from '../../../backend/graph/ir.ts';
import { toOnnx } from '../../../backend/graph/onnx.ts';
import { emitCase } from './cases/opCase.ts';
import { opCases } from './opCases.ts';
import { runOnnx, sessionOptions, toTensor } from './runOnnx.ts';

function decode(graph: Graph, fused = true): onnx.GraphProto {
  return onnx.ModelProto.decode(toOnnx(graph, { fused })).graph as onnx.GraphProto;
}

const declarations = (infos: onnx.IValueInfoProto[]): unknown[] =>
  infos.map(({ name, type }) => [name, type?.tensorType?.elemType, type?.tensorType?.shape?.dim?.map(({ dimValue }) => Number(dimValue))]);

/** A graph of every case of every op. */
function everything(): Graph {
  const g = new GraphBuilder();
  const outputs: Record<string, Value> = {};
  for (const opCase of Object.values(opCases).flat()) {
    emitCase(g, opCase, `${opCase.title}: `).outputs.forEach((value, i) => (outputs[`${opCase.title}: out${i}`] = value));
  }
  return g.finish(outputs);
}

describe('toOnnx', () => {
  it('declares inputs and outputs under their names, types and shapes', () => {
    const g = new GraphBuilder();
    const [x, i, b] = [g.input('x', 'f32', [2, 3]), g.input('i', 'i32', [4]), g.input('b', 'bool', [])];
    const model = onnx.ModelProto.decode(toOnnx(g.finish({ y: g.exp(x), j: g.add(i, i), c: g.equal(b, b) })));
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([
      ['', 21],
      ['com.microsoft', 1],
    ]);
    expect(declarations(model.graph?.input ?? [])).toEqual([
      ['x', 1, [2, 3]],
      ['i', 6, [4]],
      ['b', 9, []],
    ]);
    expect(declarations(model.graph?.output ?? [])).toEqual([
      ['y', 1, [2, 3]],
      ['j', 6, [4]],
      ['c', 9, []],
    ]);
  });

  it('keeps the order of nodes and lets each write its output directly', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'f32', [2]);
    const first = g.exp(x);
    const second = g.tanh(first);
    const graph = g.finish({ last: g.neg(second), middle: second });
    expect(decode(graph).node.map(({ opType, input, output }) => [opType, input, output])).toEqual([
      ['Exp', ['x'], [`v${first.id}`]],
      ['Tanh', [`v${first.id}`], ['middle']],
      ['Neg', ['middle'], ['last']],
    ]);
  });

  it('copies an output that is an input, a constant or another output as well', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'f32', [2]);
    const y = g.exp(x);
    const one = g.constant('f32', [2], 1);
    const graph = g.finish({ y, again: y, same: x, one });
    expect(decode(graph).node.map(({ opType, output }) => [opType, output])).toEqual([
      ['Exp', ['y']],
      ['Identity', ['again']],
      ['Identity', ['same']],
      ['Identity', ['one']],
    ]);
    const results = await runOnnx(graph, { x: [0, 0] }, true);
    expect(results).toMatchObject({ y: { values: [1, 1] }, again: { values: [1, 1] }, same: { values: [0, 0] }, one: { values: [1, 1] } });
  });

  it('refuses names that clash', () => {
    for (const name of ['v0', 't3', 'c12', 'x']) {
      const g = new GraphBuilder();
      const graph = g.finish({ [name]: g.exp(g.input('x', 'f32', [])) });
      expect(() => toOnnx(graph), name).toThrow(name === 'x' ? /twice/ : /belong to the ONNX writer/);
    }
  });

  it('writes equal shapes, scalars and casts once', () => {
    const g = new GraphBuilder();
    const [x, indices] = [g.input('x', 'f32', [3]), g.input('i', 'i32', [3])];
    const [a, b] = [g.scatterAddRows(indices, x, 4), g.scatterAddRows(indices, g.neg(x), 4)];
    const graph = decode(g.finish({ y: g.clamp(a, 0, 2), z: g.clamp(b, 0, 2) }));
    expect(graph.node.filter(({ opType }) => opType === 'Cast')).toHaveLength(1);
    // Axis 1, four zeros, and the ends 0 and 2.
    expect(graph.initializer).toHaveLength(4);
  });

  it('keeps large filled tensors out of the file', () => {
    const g = new GraphBuilder();
    const sizes = [1 << 12, (1 << 12) + 1].map((size) => toOnnx(g.finish({ y: g.exp(g.constant('f32', [size], 0.5)) })).length);
    expect(sizes[0]).toBeGreaterThan(4 << 12);
    expect(sizes[1]).toBeLessThan(1000);
  });

  it('uses operators of onnxruntime in the fused form', () => {
    const types = new Set(decode(everything()).node.map(({ domain, opType }) => `${domain ?? ''}:${opType}`));
    for (const wanted of ['com.microsoft:FusedMatMul', 'com.microsoft:RotaryEmbedding', 'com.microsoft:QuickGelu', ':SimplifiedLayerNormalization']) {
      expect(types).toContain(wanted);
    }
  });

  it('uses nothing but ai.onnx in the standard form', () => {
    const { node } = decode(everything(), false);
    expect([...new Set(node.map(({ domain }) => domain ?? ''))]).toEqual(['']);
    expect(node.some(({ opType }) => opType === 'SimplifiedLayerNormalization')).toBe(false);
  });

  it('names every node, and defines every name once and before it is read', () => {
    for (const fused of [true, false]) {
      const graph = decode(everything(), fused);
      const defined = new Set([...graph.input, ...graph.initializer].map(({ name }) => name));
      expect(new Set(graph.node.map(({ name }) => name)).size).toBe(graph.node.length);
      for (const { name, input, output } of graph.node) {
        for (const read of input ?? []) expect(defined, `${name} reads ${read}`).toContain(read);
        for (const made of output ?? []) {
          expect(defined, `${name} makes ${made}`).not.toContain(made);
          defined.add(made);
        }
      }
      for (const { name } of graph.output) expect(defined).toContain(name);
    }
  });
});

describe('a Gemm whose added matrix and result share one buffer', () => {
  it('accumulates in place', async () => {
    const g = new GraphBuilder();
    const [a, b, sum] = [g.input('a', 'f32', [5, 3]), g.input('b', 'f32', [5, 4]), g.input('sum', 'f32', [3, 4])];
    const graph = g.finish({ total: g.gemm(a, b, sum, { transposeA: true }) });
    const session = await ort.InferenceSession.create(toOnnx(graph), sessionOptions);
    const buffer = new Float32Array(12).fill(1);
    const shared = new ort.Tensor('float32', buffer, [3, 4]);
    const feeds = {
      a: toTensor(
        'f32',
        [5, 3],
        Array.from({ length: 15 }, (_, i) => i),
      ),
      b: toTensor('f32', [5, 4], Array<number>(20).fill(0.5)),
      sum: shared,
    };
    for (let round = 0; round < 3; round++) await session.run(feeds, { total: shared });
    await session.release();
    // Column k of a sums to 5k + 30; each round adds half of it.
    expect([...buffer]).toEqual([0, 1, 2].flatMap((k) => Array<number>(4).fill(1 + 3 * 0.5 * (5 * k + 30))));
  });
});
