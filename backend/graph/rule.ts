/** What the graph must know about an op: the shapes it yields and how a gradient goes back through it. */
import type { GraphBuilder } from './builder.ts';
import type { DType, Shape, Value } from './ir.ts';
import type { OpAttributes, OpName } from './ops.ts';

export interface Inferred {
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface GradientContext<K extends OpName> {
  readonly g: GraphBuilder;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Gradient of each output; undefined where none arrives. */
  readonly gradients: readonly (Value | undefined)[];
  /** Gradient of the first output. Throws if none arrives (a rule of a one-output op is only asked when one does). */
  readonly gradient: Value;
  readonly attributes: OpAttributes[K];
  /** Which inputs want a gradient; a rule may skip the others. */
  readonly wanted: readonly boolean[];
}

/** Gradients by input, in order; undefined for inputs without one. `'none'`: nothing flows back. */
export type GradientRule<K extends OpName> = 'none' | ((context: GradientContext<K>) => readonly (Value | undefined)[]);

export interface OpRule<K extends OpName> {
  /** `where` describes the call, for errors. */
  infer(inputs: readonly Value[], attributes: OpAttributes[K], where: string): readonly Inferred[];
  readonly gradient: GradientRule<K>;
}

/** A complete table for a family of ops. */
export type Rules<K extends OpName> = { readonly [Name in K]: OpRule<Name> };

export function fail(where: string, problem: string): never {
  throw new Error(`${where}: ${problem}`);
}

export function expectInputs(inputs: readonly Value[], low: number, high: number, where: string): void {
  if (inputs.length < low || inputs.length > high) fail(where, `takes ${low === high ? low : `${low} to ${high}`} inputs`);
}

export function at(inputs: readonly Value[], index: number): Value {
  const value = inputs[index];
  if (value === undefined) throw new Error(`operand ${index} is missing`);
  return value;
}

/** NumPy broadcasting of two shapes. */
export function broadcast(a: Shape, b: Shape, where: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) fail(where, `axis ${axis} is ${left} on one side and ${right} on the other`);
    return left === 1 ? right : left;
  });
}

/** Sums a gradient over the axes along which its operand was broadcast. */
export function unbroadcast(g: GraphBuilder, gradient: Value, shape: Shape): Value {
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.map((_, axis) => axis).filter((axis) => axis < lead || (shape[axis - lead] === 1 && gradient.shape[axis] !== 1));
  if (axes.length === 0) return gradient;
  const summed = g.reduceSum(gradient, axes, true);
  return lead === 0 ? summed : g.reshape(summed, shape);
}
