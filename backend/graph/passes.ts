/** Rewrites of a finished training graph that decide how much memory and time a runtime needs. */
import type { GraphBuilder } from './builder.ts';
import type { Graph, Node, Value } from './ir.ts';

/**
 * accumulator + gradient. Where the gradient is a lone matrix product the accumulator becomes the product's added operand,
 * so that the runtime adds into the accumulator's own buffer.
 */
export function accumulate(g: GraphBuilder, accumulator: Value, gradient: Value): Value {
  const producer = g.trace().nodes.findLast((node) => node.outputs.includes(gradient.id));
  if (producer?.op === 'gemm' && producer.inputs.length === 2) {
    const [a, b] = producer.inputs.map((id) => g.valueOf(id)) as [Value, Value];
    return g.gemm(a, b, accumulator, (producer as Node<'gemm'>).attributes);
  }
  return g.add(accumulator, gradient);
}

/**
 * Moves the nodes that make the named outputs, and that nothing else reads, to the end of the file in reverse order.
 * onnxruntime schedules by file order from the leaves: in any other order it puts off weight gradients and keeps every activation alive.
 */
export function leavesLast(graph: Graph, outputNames: ReadonlySet<string>): Graph {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const leaves = new Set(graph.outputs.filter(({ name, value }) => outputNames.has(name) && !read.has(value)).map(({ value }) => value));
  const isLeaf = (node: Node): boolean => node.outputs.length === 1 && leaves.has(node.outputs[0] as number);
  return { ...graph, nodes: [...graph.nodes.filter((node) => !isLeaf(node)), ...graph.nodes.filter(isLeaf).reverse()] };
}
