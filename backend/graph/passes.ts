/** Rewrites of a finished training graph that decide how much memory and time a runtime needs. */
import type { GraphBuilder } from './builder.ts';
import { sameShape, type Graph, type Node, type Value } from './ir.ts';

/** The values that a gradient is the sum of: a parameter that is used twice (a tied head) gets one from each use. */
export function summands(g: GraphBuilder, gradient: Value): Value[] {
  const producer = producerOf(g, gradient);
  if (producer?.op !== 'add') return [gradient];
  const parts = producer.inputs.map((id) => g.valueOf(id));
  return parts.every((part) => sameShape(part.shape, gradient.shape)) ? parts.flatMap((part) => summands(g, part)) : [gradient];
}

/**
 * accumulator + gradient. Where the gradient is a lone matrix product the accumulator becomes the product's added operand,
 * so that the runtime adds into the accumulator's own buffer.
 */
export function accumulate(g: GraphBuilder, accumulator: Value, gradient: Value): Value {
  const producer = producerOf(g, gradient);
  if (producer?.op === 'gemm' && producer.inputs.length === 2) {
    const [a, b] = producer.inputs.map((id) => g.valueOf(id)) as [Value, Value];
    return g.gemm(a, b, accumulator, (producer as Node<'gemm'>).attributes);
  }
  return g.add(accumulator, gradient);
}

function producerOf(g: GraphBuilder, value: Value): Node | undefined {
  return g.trace().nodes.findLast((node) => node.outputs.includes(value.id));
}

/**
 * Moves the nodes whose results nobody reads to the end of the file, the one that is ready first as the last of all.
 * onnxruntime schedules depth first from the last leaf in the file: in any other order it puts off weight gradients, and every
 * activation that they need stays alive until the end.
 */
export function leavesLast(graph: Graph): Graph {
  const madeAt = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((id) => [id, i] as const)));
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const isLeaf = (node: Node): boolean => !node.outputs.some((id) => read.has(id));
  const readyAt = (node: Node): number => Math.max(-1, ...node.inputs.map((id) => madeAt.get(id) ?? -1));
  const leaves = graph.nodes.filter(isLeaf).sort((a, b) => readyAt(b) - readyAt(a));
  return { ...graph, nodes: [...graph.nodes.filter((node) => !isLeaf(node)), ...leaves] };
}
