/**
 * Reverse-mode differentiation: one walk back over the nodes, each op's rule looked up in `rules.ts`. The result is more graph.
 *
 * Recomputation (`GraphBuilder.checkpoint`): the inside of a segment is emitted again when the walk reaches it. What enters the copy is
 * first added to 0 · (incoming gradient): without that barrier a runtime merges the copy with the original or runs it during the
 * forward pass, and nothing is saved. (0 · gradient turns an infinite gradient into NaN; such a step is lost anyway.)
 */
import type { GraphBuilder } from './builder.ts';
import { sameShape, type Node, type Value } from './ir.ts';
import type { OpName } from './ops.ts';
import { ruleOf } from './rules.ts';

/** d loss / d each of `wrt`, in order; `loss` must be a scalar. A value that the loss does not depend on gets zeros. */
export function gradients(g: GraphBuilder, loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) throw new Error(`gradients: the loss has shape [${loss.shape.join(',')}], it must be a scalar`);
  return pullBack(g, loss, g.constant('f32', [], 1), wrt);
}

/** The gradients of `wrt`, in order, of a loss whose gradient at `output` is `arriving`: what a part of a larger program passes on. */
export function pullBack(g: GraphBuilder, output: Value, arriving: Value, wrt: readonly Value[]): Value[] {
  if (!sameShape(output.shape, arriving.shape)) throw new Error(`pullBack: a gradient [${arriving.shape.join(',')}] of [${output.shape.join(',')}]`);
  const trace = g.trace();
  const nodes = [...trace.nodes];
  const segments = [...trace.segments];
  const depends = dependents(nodes, wrt);
  const parts = new Map<number, Value[]>([[output.id, [arriving]]]);
  const copies = new Map<number, Map<number, Value>>();

  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node;
    if (!node.outputs.some((id) => parts.has(id)) || !node.outputs.some((id) => depends.has(id))) continue;
    const rule = ruleOf(node.op);
    if (rule.gradient === 'none') continue;
    const incoming = node.outputs.map((id) => total(g, parts, id));

    const segment = segments[i];
    let seen = (id: number): Value => g.valueOf(id);
    if (segment !== undefined) {
      let copy = copies.get(segment);
      if (copy === undefined) {
        const barrier = incoming.find((gradient) => gradient !== undefined) as Value;
        copies.set(segment, (copy = recompute(g, nodes, segments, segment, barrier)));
      }
      const recomputed = copy;
      seen = (id) => recomputed.get(id) ?? g.valueOf(id);
    }

    const wanted = node.inputs.map((id) => depends.has(id) && g.valueOf(id).dtype === 'f32');
    const flowing = (rule.gradient as (context: unknown) => readonly (Value | undefined)[])({
      g,
      inputs: node.inputs.map(seen),
      outputs: node.outputs.map(seen),
      gradients: incoming,
      get gradient() {
        if (incoming[0] === undefined) throw new Error(`${node.op}: no gradient arrives at its first output`);
        return incoming[0];
      },
      attributes: node.attributes,
      wanted,
    });
    node.inputs.forEach((id, k) => {
      const gradient = flowing[k];
      if (gradient !== undefined && wanted[k]) parts.set(id, [...(parts.get(id) ?? []), gradient]);
    });
  }
  return wrt.map((value) => total(g, parts, value.id) ?? g.constant('f32', value.shape, 0));
}

/** Ids of the values that depend on any of `wrt`, themselves included. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): Set<number> {
  const depends = new Set(wrt.map((value) => value.id));
  for (const node of nodes) if (node.inputs.some((id) => depends.has(id))) for (const id of node.outputs) depends.add(id);
  return depends;
}

/** The summed gradient of a value; keeps only the sum. */
function total(g: GraphBuilder, parts: Map<number, Value[]>, id: number): Value | undefined {
  const list = parts.get(id);
  if (list === undefined) return undefined;
  const sum = list.reduce((a, b) => g.add(a, b));
  parts.set(id, [sum]);
  return sum;
}

/** Emits a segment's nodes again behind the barrier; the copy of each inner value by its id. */
function recompute(
  g: GraphBuilder,
  nodes: readonly Node[],
  segments: readonly (number | undefined)[],
  segment: number,
  incoming: Value,
): Map<number, Value> {
  let first: Value = incoming;
  incoming.shape.forEach((_, axis) => (first = g.slice(first, axis, 0, 1)));
  const zero = g.mul(g.reshape(first, []), 0);
  const fed = dependents(nodes, g.inputValues());
  const produced = new Set(nodes.flatMap((node) => node.outputs));
  const copy = new Map<number, Value>();
  const enter = (id: number): Value => {
    const known = copy.get(id);
    if (known !== undefined) return known;
    const value = g.valueOf(id);
    // Graph inputs (weights, tokens) and what follows from constants alone cost nothing to keep; only activations need the barrier.
    const entered = produced.has(id) && fed.has(id) && value.dtype === 'f32' ? g.add(value, zero) : value;
    copy.set(id, entered);
    return entered;
  };
  nodes.forEach((node, i) => {
    if (segments[i] !== segment) return;
    if (node.op === 'constant') return node.outputs.forEach((id) => copy.set(id, g.valueOf(id)));
    const outputs = g.emit<OpName>(node.op, node.inputs.map(enter), node.attributes);
    node.outputs.forEach((id, k) => copy.set(id, outputs[k] as Value));
  });
  return copy;
}
