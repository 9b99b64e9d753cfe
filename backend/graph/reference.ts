/** Evaluates a graph in float64 with obvious loops: the definition that the runtime and the gradients are held against. */
import { type Graph, type Node, sameShape, sizeOf } from './ir.ts';
import type { OpName } from './ops.ts';
import { elementwise } from './reference/elementwise.ts';
import { indexing } from './reference/indexing.ts';
import { linear } from './reference/linear.ts';
import { normalization } from './reference/normalization.ts';
import { reduction } from './reference/reduction.ts';
import { shaping } from './reference/shaping.ts';
import type { Kernel, Kernels, Tensor } from './reference/tensor.ts';

export type Feed = readonly number[] | Float64Array | Float32Array | Int32Array;

const kernels: Kernels<OpName> = { ...elementwise, ...reduction, ...shaping, ...indexing, ...linear, ...normalization };

/**
 * The outputs by name, row-major; bools are 0 and 1. Every f32 value is computed in float64. Throws, with the op and its
 * operands, where an operand or a result is not what the graph says.
 */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Feed>>): Record<string, Float64Array> {
  const computed = new Map<number, Tensor>();
  const valueAt = (id: number, use: string): Tensor => {
    const tensor = computed.get(id);
    if (tensor === undefined) throw new Error(`${use}: value ${id} is used before it is made`);
    return tensor;
  };

  for (const { name, value } of graph.inputs) {
    const feed = feeds[name];
    if (feed === undefined) throw new Error(`graph input ${name} is not fed`);
    const { dtype, shape } = graph.values[value] as Graph['values'][number];
    if (feed.length !== sizeOf(shape)) throw new Error(`graph input ${name} [${shape.join(',')}] is fed ${feed.length} elements`);
    computed.set(value, { dtype, shape, data: Float64Array.from(feed) });
  }

  graph.nodes.forEach((node, i) => {
    const inputs = node.inputs.map((id) => valueAt(id, `node ${i} (${node.op})`));
    const outputs = run(node, inputs, `node ${i}, ${node.op}(${inputs.map(describe).join(', ')})`);
    node.outputs.forEach((id, k) => {
      const declared = graph.values[id];
      const output = outputs[k];
      if (declared === undefined || output?.dtype !== declared.dtype || !sameShape(output.shape, declared.shape)) {
        throw new Error(`node ${i}, ${node.op}: output ${k} is ${output && describe(output)}, the graph says ${declared && describe(declared)}`);
      }
      computed.set(id, output);
    });
  });

  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, Float64Array.from(valueAt(value, `output ${name}`).data)]));
}

function run(node: Node, inputs: readonly Tensor[], where: string): Tensor[] {
  const kernel = kernels[node.op] as Kernel<OpName>;
  if (inputs.length < kernel.length - 1) throw new Error(`${where}: takes ${kernel.length - 1} operands`);
  try {
    return kernel(node.attributes, ...inputs);
  } catch (error) {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function describe({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>): string {
  return `${dtype}[${shape.join(',')}]`;
}
