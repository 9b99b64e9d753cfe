/** Builds a graph by typed calls. Shapes are inferred at once, so a mistake is reported where it is made. */
import type { DType, Graph, NamedValue, Node, Shape, Value } from './ir.ts';
import type { OpAttributes, OpName } from './ops.ts';
import { ruleOf } from './rules.ts';

/** A value, or a number that becomes a scalar constant. */
export type Operand = Value | number;

/** The shape-polymorphic part in which losses are written. */
export type LossOps = Pick<
  GraphBuilder,
  'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'neg' | 'exp' | 'log' | 'clamp' | 'where' | 'less' | 'greater' | 'sum' | 'stopGradient'
>;

export class GraphBuilder {
  private readonly values: Value[] = [];
  private readonly nodes: Node[] = [];
  private readonly inputs: NamedValue[] = [];
  private readonly scalars = new Map<number, Value>();
  /** Depth-tagged recomputation segments; see `checkpoint`. */
  private segment: number | undefined;
  private nSegments = 0;
  private readonly segmentOf: (number | undefined)[] = [];

  /** A named input of the finished graph. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.inputs.some((input) => input.name === name)) throw new Error(`graph input ${name} is declared twice`);
    const value = this.newValue(dtype, shape);
    this.inputs.push({ name, value: value.id });
    return value;
  }

  /** Appends one node; the typed methods below are the usual way in. */
  emit<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value[] {
    const rule = ruleOf(op);
    const inferred = rule.infer(inputs, attributes, `${op}(${inputs.map((value) => `${value.dtype}[${value.shape.join(',')}]`).join(', ')})`);
    const outputs = inferred.map(({ dtype, shape }) => this.newValue(dtype, shape));
    this.nodes.push({ op, inputs: inputs.map((value) => value.id), outputs: outputs.map((value) => value.id), attributes } as Node);
    this.segmentOf.push(this.segment);
    return outputs;
  }

  private one<K extends OpName>(op: K, inputs: readonly Value[], attributes: OpAttributes[K]): Value {
    return this.emit(op, inputs, attributes)[0] as Value;
  }

  private newValue(dtype: DType, shape: Shape): Value {
    const value: Value = { id: this.values.length, dtype, shape };
    this.values.push(value);
    return value;
  }

  private lift(operand: Operand): Value {
    if (typeof operand !== 'number') return operand;
    const known = this.scalars.get(operand);
    if (known !== undefined) return known;
    const scalar = this.constant('f32', [], operand);
    this.scalars.set(operand, scalar);
    return scalar;
  }

  constant(dtype: DType, shape: Shape, data: OpAttributes['constant']['data']): Value {
    return this.one('constant', [], { dtype, shape, data });
  }

  add(a: Operand, b: Operand): Value {
    return this.one('add', [this.lift(a), this.lift(b)], {});
  }
  sub(a: Operand, b: Operand): Value {
    return this.one('sub', [this.lift(a), this.lift(b)], {});
  }
  mul(a: Operand, b: Operand): Value {
    return this.one('mul', [this.lift(a), this.lift(b)], {});
  }
  div(a: Operand, b: Operand): Value {
    return this.one('div', [this.lift(a), this.lift(b)], {});
  }
  min(a: Operand, b: Operand): Value {
    return this.one('min', [this.lift(a), this.lift(b)], {});
  }
  max(a: Operand, b: Operand): Value {
    return this.one('max', [this.lift(a), this.lift(b)], {});
  }
  less(a: Operand, b: Operand): Value {
    return this.one('less', [this.lift(a), this.lift(b)], {});
  }
  greater(a: Operand, b: Operand): Value {
    return this.one('greater', [this.lift(a), this.lift(b)], {});
  }
  equal(a: Operand, b: Operand): Value {
    return this.one('equal', [this.lift(a), this.lift(b)], {});
  }
  where(condition: Value, a: Operand, b: Operand): Value {
    return this.one('where', [condition, this.lift(a), this.lift(b)], {});
  }

  neg(x: Value): Value {
    return this.one('neg', [x], {});
  }
  exp(x: Value): Value {
    return this.one('exp', [x], {});
  }
  log(x: Value): Value {
    return this.one('log', [x], {});
  }
  sqrt(x: Value): Value {
    return this.one('sqrt', [x], {});
  }
  reciprocal(x: Value): Value {
    return this.one('reciprocal', [x], {});
  }
  sigmoid(x: Value): Value {
    return this.one('sigmoid', [x], {});
  }
  tanh(x: Value): Value {
    return this.one('tanh', [x], {});
  }
  swiglu(gate: Value, up: Value): Value {
    return this.one('swiglu', [gate, up], {});
  }
  clamp(x: Value, low: number, high: number): Value {
    return this.one('clamp', [x], { low, high });
  }
  cast(x: Value, to: DType): Value {
    return this.one('cast', [x], { to });
  }
  stopGradient(x: Value): Value {
    return this.one('stopGradient', [x], {});
  }

  reduceSum(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.one('reduceSum', [x], { axes, keepDims });
  }
  reduceMean(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.one('reduceMean', [x], { axes, keepDims });
  }
  reduceMax(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.one('reduceMax', [x], { axes, keepDims });
  }
  /** Sum of all elements, a scalar. */
  sum(x: Value): Value {
    return this.reduceSum(
      x,
      x.shape.map((_, axis) => axis),
    );
  }

  reshape(x: Value, shape: Shape): Value {
    return this.one('reshape', [x], { shape });
  }
  transpose(x: Value, permutation: readonly number[]): Value {
    return this.one('transpose', [x], { permutation });
  }
  concat(parts: readonly Value[], axis: number): Value {
    return this.one('concat', parts, { axis });
  }
  slice(x: Value, axis: number, start: number, end: number): Value {
    return this.one('slice', [x], { axis, start, end });
  }
  split(x: Value, axis: number, sizes: readonly number[]): Value[] {
    return this.emit('split', [x], { axis, sizes });
  }
  expand(x: Value, shape: Shape): Value {
    return this.one('expand', [x], { shape });
  }

  gatherRows(table: Value, indices: Value): Value {
    return this.one('gatherRows', [table, indices], {});
  }
  scatterAddRows(indices: Value, updates: Value, rows: number): Value {
    return this.one('scatterAddRows', [indices, updates], { rows });
  }
  pick(x: Value, indices: Value): Value {
    return this.one('pick', [x, indices], {});
  }
  unpick(g: Value, indices: Value, width: number): Value {
    return this.one('unpick', [g, indices], { width });
  }

  matmul(a: Value, b: Value, options: Partial<OpAttributes['matmul']> = {}): Value {
    return this.one('matmul', [a, b], { transposeA: false, transposeB: false, alpha: 1, ...options });
  }
  gemm(a: Value, b: Value, c?: Value, options: Partial<OpAttributes['gemm']> = {}): Value {
    return this.one('gemm', c === undefined ? [a, b] : [a, b, c], { transposeA: false, transposeB: false, alpha: 1, ...options });
  }
  /** x [N, in] · weightᵀ + bias with the weight in Hugging Face layout [out, in]. */
  linear(x: Value, weight: Value, bias?: Value): Value {
    return this.gemm(x, weight, bias, { transposeB: true });
  }

  softmax(x: Value): Value {
    return this.one('softmax', [x], {});
  }
  logSoftmax(x: Value): Value {
    return this.one('logSoftmax', [x], {});
  }
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    return this.one('rmsNorm', [x, weight], { epsilon });
  }
  rope(x: Value, cos: Value, sin: Value, positions: Value): Value {
    return this.one('rope', [x, cos, sin, positions], {});
  }
  attention(q: Value, k: Value, v: Value, mask: Value, scale: number): Value {
    return this.one('attention', [q, k, v, mask], { scale });
  }

  argMax(x: Value): Value {
    return this.one('argMax', [x], {});
  }
  cumSum(x: Value): Value {
    return this.one('cumSum', [x], {});
  }

  /**
   * Runs `build` as a recomputation segment: the backward pass keeps only what enters it and computes its inside again.
   * Segments do not nest.
   */
  checkpoint(build: () => Value): Value {
    if (this.segment !== undefined) throw new Error('checkpoint segments do not nest');
    this.segment = this.nSegments++;
    try {
      return build();
    } finally {
      this.segment = undefined;
    }
  }

  /** Nodes so far with their segment, for the reverse walk. */
  trace(): { readonly nodes: readonly Node[]; readonly segments: readonly (number | undefined)[] } {
    return { nodes: this.nodes, segments: this.segmentOf };
  }

  inputValues(): readonly Value[] {
    return this.inputs.map(({ value }) => this.valueOf(value));
  }

  valueOf(id: number): Value {
    const value = this.values[id];
    if (value === undefined) throw new Error(`graph has no value ${id}`);
    return value;
  }

  /** Emits another graph's nodes here, with its inputs bound by name; shapes are inferred anew. Returns its outputs by name. */
  inline(graph: Graph, bindings: Readonly<Record<string, Value>>): Record<string, Value> {
    const mapped = new Map<number, Value>();
    for (const { name, value } of graph.inputs) {
      const bound = bindings[name];
      if (bound === undefined) throw new Error(`inlined graph: input ${name} is not bound`);
      mapped.set(value, bound);
    }
    const at = (id: number): Value => {
      const value = mapped.get(id);
      if (value === undefined) throw new Error(`inlined graph: value ${id} is used before it is made`);
      return value;
    };
    for (const node of graph.nodes) {
      const outputs = this.emit(node.op, node.inputs.map(at), node.attributes);
      node.outputs.forEach((id, i) => mapped.set(id, outputs[i] as Value));
    }
    return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, at(value)]));
  }

  /** The finished graph with these outputs; nodes and inputs that reach none of them are dropped. */
  finish(outputs: Readonly<Record<string, Value>>): Graph {
    const named = Object.entries(outputs).map(([name, value]) => ({ name, value: value.id }));
    const needed = new Set(named.map((output) => output.value));
    const kept: Node[] = [];
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i] as Node;
      if (!node.outputs.some((id) => needed.has(id))) continue;
      kept.push(node);
      for (const id of node.inputs) needed.add(id);
    }
    const inputs = this.inputs.filter(({ value }) => needed.has(value));
    return { inputs, values: this.values.map(({ dtype, shape }) => ({ dtype, shape })), nodes: kept.reverse(), outputs: named };
  }
}
