import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../../backend/core/rng.ts';
import { toOnnx } from '../../../backend/graph/onnx.ts';
import { evaluate } from '../../../backend/graph/reference.ts';
import { buildBlock } from './block.ts';
import { differences } from './finiteDifferences.ts';
import { relativeError, runOnnx, sessionOptions } from './runOnnx.ts';

const nLayers = 2;
const plain = buildBlock(nLayers, false);
const checkpointed = buildBlock(nLayers, true);
const expected = evaluate(plain.graph, plain.feeds);

describe('a small decoder with its loss and gradients', () => {
  it('has the gradients that central differences find', () => {
    // stopGradient hides a path from the gradient but not from differences, so it is fed as it stands.
    const { graph, feeds, parameters } = plain;
    const stopped = graph.nodes.find(({ op }) => op === 'stopGradient') as (typeof graph.nodes)[number];
    const value = stopped.outputs[0] as number;
    const frozen = evaluate({ ...graph, outputs: [{ name: 'stopped', value }] }, feeds)['stopped'] as Float64Array;
    const lossOnly = {
      ...graph,
      inputs: [...graph.inputs, { name: 'stopped', value }],
      nodes: graph.nodes.filter((node) => node !== stopped),
      outputs: graph.outputs.filter(({ name }) => name === 'loss'),
    };
    const reach = forwardOf(lossOnly);
    for (const name of parameters) {
      const found = expected[`d.${name}`] as Float64Array;
      const elements = Rng.of(5, name).sample([...found.keys()], 4);
      const wanted = differences(reach, { ...feeds, stopped: [...frozen] }, name, elements);
      expect(
        relativeError(
          elements.map((i) => found[i] as number),
          wanted,
          0.01,
        ),
        name,
      ).toBeLessThan(1e-6);
    }
  });

  for (const fused of [true, false]) {
    it(`is the same in onnxruntime in the ${fused ? 'fused' : 'standard'} form`, async () => {
      const actual = await runOnnx(plain.graph, plain.feeds, fused);
      for (const { name } of plain.graph.outputs) expect(relativeError(actual[name]?.values ?? [], expected[name] ?? []), name).toBeLessThan(3e-6);
    });
  }

  it('has the very same gradients with checkpointed layers', async () => {
    expect(evaluate(checkpointed.graph, checkpointed.feeds)).toEqual(expected);
    const actual = await runOnnx(checkpointed.graph, checkpointed.feeds, true);
    for (const { name } of plain.graph.outputs) expect(relativeError(actual[name]?.values ?? [], expected[name] ?? []), name).toBeLessThan(3e-6);
  });

  it('computes the inside of a checkpointed layer twice, also after the runtime has merged equal nodes', async () => {
    const [once, twice] = [await optimized(plain.graph), await optimized(checkpointed.graph)];
    const count = (nodes: onnx.INodeProto[], opType: string): number => nodes.filter((node) => node.opType === opType).length;
    // Norms and products are what the runtime would merge first. The last product of a layer is not needed again.
    expect(count(twice, 'SimplifiedLayerNormalization') - count(once, 'SimplifiedLayerNormalization')).toBe(2 * nLayers);
    expect(count(twice, 'Gemm') - count(once, 'Gemm')).toBe(6 * nLayers);
  });

  it('has its leaf gradients last in the file, in reverse order of the walk back', () => {
    for (const { graph, parameters } of [plain, checkpointed]) {
      const nodes = onnx.ModelProto.decode(toOnnx(graph)).graph?.node ?? [];
      // Every output of the graph is a leaf here: nothing else reads it.
      const leaves = nodes.slice(-(parameters.length + 1)).map(({ output }) => output?.[0] ?? '');
      expect(new Set(leaves)).toEqual(new Set(['loss', ...parameters.map((name) => `d.${name}`)]));
      expect(leaves.findIndex((name) => name.startsWith('d.layer0'))).toBeLessThan(leaves.findIndex((name) => name.startsWith('d.layer1')));
    }
  });
});

/** The nodes that onnxruntime keeps after its optimizations. */
async function optimized(graph: (typeof plain)['graph']): Promise<onnx.INodeProto[]> {
  const folder = mkdtempSync(join(tmpdir(), 'optimized-'));
  try {
    const optimizedModelFilePath = join(folder, 'model.onnx');
    const session = await ort.InferenceSession.create(toOnnx(graph), { ...sessionOptions, optimizedModelFilePath });
    await session.release();
    return onnx.ModelProto.decode(readFileSync(optimizedModelFilePath)).graph?.node ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The graph without the nodes that its outputs do not need. */
function forwardOf(graph: (typeof plain)['graph']): (typeof plain)['graph'] {
  const needed = new Set(graph.outputs.map(({ value }) => value));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((id) => needed.has(id))) return false;
    node.inputs.forEach((id) => needed.add(id));
    return true;
  });
  return { ...graph, nodes: nodes.reverse() };
}
