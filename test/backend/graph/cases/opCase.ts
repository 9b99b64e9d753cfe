/** What a case of an op is, and recipes for its inputs. */
import { Rng } from '../../../../backend/core/rng.ts';
import type { GraphBuilder } from '../../../../backend/graph/builder.ts';
import { type DType, type Shape, sizeOf, type Value } from '../../../../backend/graph/ir.ts';
import type { OpName } from '../../../../backend/graph/ops.ts';

export interface Sample {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: (rng: Rng) => readonly number[];
}

export interface OpCase {
  readonly title: string;
  readonly inputs: Readonly<Record<string, Sample>>;
  build(g: GraphBuilder, inputs: Readonly<Record<string, Value>>): Value | readonly Value[];
  /** f32 inputs that are constants by the op's contract: no gradient is asked for. */
  readonly fixed?: readonly string[];
  /** The data sits on a kink or a tie, where differences say nothing. */
  readonly kinked?: boolean;
}

/** Cases of a family of ops, complete by type. */
export type Cases<K extends OpName> = { readonly [Name in K]: readonly OpCase[] };

export function call<Name extends string>(
  title: string,
  inputs: Readonly<Record<Name, Sample>>,
  build: (g: GraphBuilder, inputs: Readonly<Record<Name, Value>>) => Value | readonly Value[],
  flags: Pick<OpCase, 'fixed' | 'kinked'> = {},
): OpCase {
  return { title, inputs, build, ...flags };
}

/** Declares the inputs of a case, their names prefixed, and emits its calls. */
export function emitCase(g: GraphBuilder, opCase: OpCase, prefix = ''): { inputs: Record<string, Value>; outputs: readonly Value[] } {
  const entries = Object.entries(opCase.inputs).map(([name, { dtype, shape }]) => [name, g.input(`${prefix}${name}`, dtype, shape)] as const);
  const inputs = Object.fromEntries(entries);
  const built = opCase.build(g, inputs);
  return { inputs, outputs: 'id' in built ? [built] : built };
}

/** The data of each input, the same at each call; f32 values are exact in single precision. */
export function feedsOf(opCase: OpCase): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(opCase.inputs).map(([name, { dtype, data }]) => {
      const values = data(Rng.of(7, opCase.title, name));
      return [name, dtype === 'f32' ? values.map(Math.fround) : [...values]];
    }),
  );
}

export function sample(dtype: DType, shape: Shape, draw: (rng: Rng) => number): Sample {
  return { dtype, shape, data: (rng) => Array.from({ length: sizeOf(shape) }, () => draw(rng)) };
}

export const normal = (...shape: number[]): Sample => sample('f32', shape, (rng) => rng.normal());
export const positive = (...shape: number[]): Sample => sample('f32', shape, (rng) => 0.3 + 2 * rng.uniform());
/** Either sign, magnitude at least 0.4: safe to divide by. */
export const nonZero = (...shape: number[]): Sample => sample('f32', shape, (rng) => (rng.uniform() < 0.5 ? -1 : 1) * (0.4 + 2 * rng.uniform()));
/** Few distinct values, so ties are common. */
export const tied = (...shape: number[]): Sample => sample('f32', shape, (rng) => rng.integer(-1, 1));
export const index = (below: number, ...shape: number[]): Sample => sample('i32', shape, (rng) => rng.integer(0, below - 1));
export const integer = (...shape: number[]): Sample => sample('i32', shape, (rng) => rng.integer(-9, 9));
export const bool = (...shape: number[]): Sample => sample('bool', shape, (rng) => rng.integer(0, 1));
export const given = (shape: Shape, data: readonly number[], dtype: DType = 'f32'): Sample => ({ dtype, shape, data: () => data });

/** Methods of the builder that take one value and nothing else. */
type UnaryName = 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'sigmoid' | 'tanh' | 'softmax' | 'logSoftmax' | 'argMax' | 'cumSum' | 'stopGradient';

export function unaryCases(op: UnaryName, of: (...shape: number[]) => Sample, shapes: readonly number[][] = [[], [7], [2, 3, 5]]): OpCase[] {
  return shapes.map((shape) => call(`${op} of [${shape.join(',')}]`, { x: of(...shape) }, (g, { x }) => g[op](x)));
}
