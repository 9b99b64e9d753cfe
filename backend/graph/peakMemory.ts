/** How much memory a run of a graph will need, from the order in which onnxruntime runs its nodes. */
import { bytesOfDType, sizeOf, type Graph, type Node } from './ir.ts';
import type { OpName } from './ops.ts';

/** Ops whose result may take the place of an operand that nothing reads any more. */
const inPlace: ReadonlySet<OpName> = new Set<OpName>([
  'add', 'sub', 'mul', 'div', 'min', 'max', 'neg', 'exp', 'log', 'sqrt', 'reciprocal', 'sigmoid', 'tanh', 'clamp', 'stopGradient',
]); // prettier-ignore

/** As measured over models and batches (`npm run bench -- memory`): with four every peak is foretold to a tenth. */
const holes = 4;

/** A stretch of memory from the first node that needs it to the last. */
interface Buffer {
  readonly bytes: number;
  readonly first: number;
  last: number;
  /** Of an input at half precision, made float32: it is large, and taken and given back as a whole. */
  readonly isWidened: boolean;
}

/**
 * The largest number of bytes that a run holds at once, inputs and outputs not counted. onnxruntime plans ahead: a value takes the place
 * of one of the same shape that is no longer read, and what has been taken once stays allocated until its last user is done. Some
 * blocks of the largest size are added for the holes that such blocks leave between each other in a heap.
 */
export function peakBytes(graph: Graph): number {
  const folded = foldedValues(graph);
  const outputs = new Set(graph.outputs.map(({ value }) => value));
  const order = schedule(graph).filter((node) => !node.outputs.every((id) => folded.has(id)));
  const buffers: Buffer[] = [];
  const placed = new Map<number, Buffer>();
  const readers = new Map<Buffer, number>();
  const free = new Map<string, Buffer[]>();
  const reads = new Map<number, number>();
  for (const node of order) for (const id of new Set(node.inputs)) reads.set(id, (reads.get(id) ?? 0) + 1);

  const widened = widenedInputs(graph);
  const take = (id: number, now: number): Buffer => {
    const known = free.get(shapeKey(graph, id))?.pop();
    const buffer = known ?? { bytes: bytesOf(graph, id), first: now, last: now, isWidened: widened.has(id) };
    if (known === undefined) buffers.push(buffer);
    return buffer;
  };
  const release = (buffer: Buffer, id: number): void => void free.set(shapeKey(graph, id), [...(free.get(shapeKey(graph, id)) ?? []), buffer]);

  order.forEach((node, now) => {
    const operands = [...new Set(node.inputs)].flatMap((id) => (placed.has(id) ? [[id, placed.get(id) as Buffer] as const] : []));
    for (const [, buffer] of operands) buffer.last = now;
    const scratch = scratchOf(node).map((id) => [id, take(id, now)] as const);
    for (const [id, buffer] of scratch) {
      buffer.last = now;
      release(buffer, id);
    }
    for (const id of node.outputs.filter((output) => !outputs.has(output))) {
      const dying = operands.find(([operand, buffer]) => readers.get(buffer) === 1 && shapeKey(graph, operand) === shapeKey(graph, id));
      const shared = node.op === 'reshape' ? operands[0]?.[1] : inPlace.has(node.op) ? dying?.[1] : undefined;
      const buffer = shared ?? take(id, now);
      buffer.last = now;
      placed.set(id, buffer);
      readers.set(buffer, (readers.get(buffer) ?? 0) + (reads.get(id) ?? 0));
      if (readers.get(buffer) === 0) release(buffer, id);
    }
    for (const [id, buffer] of operands) {
      readers.set(buffer, (readers.get(buffer) ?? 0) - 1);
      if (readers.get(buffer) === 0) release(buffer, id);
    }
  });
  const largest = buffers.reduce((most, { bytes, isWidened }) => (isWidened ? most : Math.max(most, bytes)), 0);
  return constantBytes(graph, folded) + largestSum(buffers, order.length) + holes * largest;
}

/** Bytes of what a run gives back; onnxruntime hands out copies, also of what is written where it belongs. */
export function outputBytes(graph: Graph): number {
  return graph.outputs.reduce((sum, { value }) => sum + bytesOf(graph, value), 0);
}

function largestSum(buffers: readonly Buffer[], length: number): number {
  const change = new Float64Array(length + 1);
  for (const { bytes, first, last } of buffers) {
    change[first] = (change[first] as number) + bytes;
    change[last + 1] = (change[last + 1] as number) - bytes;
  }
  let now = 0;
  return change.reduce((peak, difference) => Math.max(peak, (now += difference)), 0);
}

/**
 * onnxruntime's default order: depth first from the leaves, the last leaf in the file first, and of a node's operands the one made last
 * in the file first.
 */
function schedule(graph: Graph): Node[] {
  const producers = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((id) => [id, i] as const)));
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  const leaves = graph.nodes.flatMap((node, i) => (node.outputs.some((id) => read.has(id)) ? [] : [i]));
  const stack = leaves.map((node) => ({ node, isReady: false }));
  const visited = new Set<number>();
  const order: Node[] = [];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const node = graph.nodes[top.node] as Node;
    if (top.isReady) order.push(node);
    else if (!visited.has(top.node)) {
      visited.add(top.node);
      stack.push({ node: top.node, isReady: true });
      const operands = [...new Set(node.inputs.flatMap((id) => producers.get(id) ?? []))].filter((operand) => !visited.has(operand));
      for (const operand of operands.sort((a, b) => a - b)) stack.push({ node: operand, isReady: false });
    }
  }
  return order;
}

function widenedInputs(graph: Graph): ReadonlySet<number> {
  const halves = new Set(graph.inputs.filter(({ value }) => graph.values[value]?.dtype === 'f16').map(({ value }) => value));
  return new Set(graph.nodes.filter(({ op, inputs: [from] }) => op === 'cast' && halves.has(from as number)).flatMap(({ outputs }) => outputs));
}

/** Values that a node makes and drops: scores before their softmax. */
function scratchOf(node: Node): readonly number[] {
  return node.op === 'attention' ? [node.outputs[1] as number] : [];
}

/** Values that follow from constants alone; they are computed once, when a program is loaded. */
function foldedValues(graph: Graph): ReadonlySet<number> {
  const folded = new Set<number>();
  for (const node of graph.nodes) if (node.inputs.every((id) => folded.has(id))) for (const id of node.outputs) folded.add(id);
  return folded;
}

/** Constants that are read at run time, and the zeros that rows are added to, one of each shape. */
function constantBytes(graph: Graph, folded: ReadonlySet<number>): number {
  const read = new Set(graph.nodes.filter((node) => !node.outputs.every((id) => folded.has(id))).flatMap((node) => node.inputs));
  const zeros = new Map(
    graph.nodes.filter(({ op }) => op === 'scatterAddRows').map(({ outputs: [id] }) => [shapeKey(graph, id as number), bytesOf(graph, id as number)]),
  );
  return [...zeros.values(), ...[...folded].filter((id) => read.has(id)).map((id) => bytesOf(graph, id))].reduce((sum, bytes) => sum + bytes, 0);
}

function shapeKey(graph: Graph, id: number): string {
  const value = graph.values[id];
  return `${value?.dtype} ${value?.shape.join('x')}`;
}

function bytesOf(graph: Graph, id: number): number {
  const value = graph.values[id];
  if (value === undefined) throw new Error(`graph has no value ${id}`);
  return sizeOf(value.shape) * bytesOfDType[value.dtype];
}
