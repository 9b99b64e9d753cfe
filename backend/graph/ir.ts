/**
 * A differentiable program as plain data: values with static shapes, nodes in topological order. It can be sent as JSON,
 * written as ONNX (`onnx.ts`), differentiated (`autodiff.ts`) and evaluated slowly in float64 (`reference.ts`).
 */
import type { OpAttributes, OpName } from './ops.ts';

/** f32 is float64 in the reference evaluator; i32 indexes; bool comes from comparisons; f16 is how an input may be stored, to be cast to f32. */
export type DType = 'f32' | 'f16' | 'i32' | 'bool';

export const bytesOfDType: Readonly<Record<DType, number>> = { f32: 4, f16: 2, i32: 4, bool: 1 };

/** Sizes by axis; [] is a scalar. */
export type Shape = readonly number[];

/** A handle to one value of a graph under construction. */
export interface Value {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface Node<K extends OpName = OpName> {
  readonly op: K;
  /** Value ids. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly attributes: OpAttributes[K];
}

export interface NamedValue {
  readonly name: string;
  readonly value: number;
}

export interface Graph {
  readonly inputs: readonly NamedValue[];
  /** By value id. */
  readonly values: readonly { readonly dtype: DType; readonly shape: Shape }[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly NamedValue[];
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
