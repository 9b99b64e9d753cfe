/** The expression tree that answers are read into: small, plain data, the same for a scalar, a set, an inequality or a matrix. */
import type { Rational } from '../rational.ts';

export type Relation = '=' | '<' | '>' | '<=' | '>=' | '!=' | 'in' | '~';

export interface NumberNode {
  readonly kind: 'number';
  readonly value: Rational;
  /** Digits behind the decimal point, if it was written with one: such a number may be a rounded one. */
  readonly places: number | null;
}

export type Node =
  | NumberNode
  /** A variable or a constant: `pi`, `e`, `i`, `infinity`, `reals`, `empty` mean what they say. */
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'sum' | 'product'; readonly args: readonly Node[] }
  | { readonly kind: 'power'; readonly base: Node; readonly exponent: Node }
  /** A known function (`functions.ts`) or one that is nothing but its name. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  /** `±arg`, or `∓arg` with sign −1; all of an expression are plus together or minus together. */
  | { readonly kind: 'plusMinus'; readonly sign: 1 | -1; readonly arg: Node }
  | { readonly kind: 'percent' | 'degrees'; readonly arg: Node }
  | { readonly kind: 'quantity'; readonly arg: Node; readonly unit: string }
  /** Several answers side by side (`isEither`: with `or`); a set in braces; `(a, b, …)`, which may turn out to be an open interval. */
  | { readonly kind: 'list'; readonly args: readonly Node[]; readonly isEither?: boolean }
  | { readonly kind: 'set'; readonly args: readonly Node[] }
  | { readonly kind: 'tuple'; readonly args: readonly Node[] }
  | { readonly kind: 'interval'; readonly low: Node; readonly high: Node; readonly isLowClosed: boolean; readonly isHighClosed: boolean }
  | { readonly kind: 'union' | 'intersection' | 'difference'; readonly args: readonly Node[] }
  /** `args[0] relations[0] args[1] relations[1] …` */
  | { readonly kind: 'relation'; readonly args: readonly Node[]; readonly relations: readonly Relation[] }
  | { readonly kind: 'matrix'; readonly rows: readonly (readonly Node[])[] }
  /** `a : b : …`, or a time of day. */
  | { readonly kind: 'ratio'; readonly args: readonly Node[]; readonly isTime: boolean }
  | { readonly kind: 'text'; readonly text: string };

export function integer(value: number | bigint): NumberNode {
  return { kind: 'number', value: { numerator: BigInt(value), denominator: 1n }, places: null };
}

export function symbol(name: string): Node {
  return { kind: 'symbol', name };
}

export function sum(args: readonly Node[]): Node {
  const [only] = args;
  return args.length === 1 && only !== undefined ? only : { kind: 'sum', args };
}

export function product(args: readonly Node[]): Node {
  const [only] = args;
  return args.length === 1 && only !== undefined ? only : { kind: 'product', args };
}

export function negative(arg: Node): Node {
  if (arg.kind === 'number') return { ...arg, value: { numerator: -arg.value.numerator, denominator: arg.value.denominator } };
  return { kind: 'product', args: [integer(-1), arg] };
}

export function power(base: Node, exponent: Node): Node {
  return { kind: 'power', base, exponent };
}

export function quotient(a: Node, b: Node): Node {
  return { kind: 'product', args: [a, power(b, integer(-1))] };
}

export function call(name: string, ...args: readonly Node[]): Node {
  return { kind: 'call', name, args };
}

/** Direct parts of a node. */
export function parts(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'number':
    case 'symbol':
    case 'text':
      return [];
    case 'power':
      return [node.base, node.exponent];
    case 'plusMinus':
    case 'percent':
    case 'degrees':
    case 'quantity':
      return [node.arg];
    case 'interval':
      return [node.low, node.high];
    case 'matrix':
      return node.rows.flat();
    default:
      return node.args;
  }
}

/** The same node with its parts changed. */
export function mapParts(node: Node, change: (part: Node) => Node): Node {
  switch (node.kind) {
    case 'number':
    case 'symbol':
    case 'text':
      return node;
    case 'power':
      return { ...node, base: change(node.base), exponent: change(node.exponent) };
    case 'plusMinus':
    case 'percent':
    case 'degrees':
    case 'quantity':
      return { ...node, arg: change(node.arg) };
    case 'interval':
      return { ...node, low: change(node.low), high: change(node.high) };
    case 'matrix':
      return { ...node, rows: node.rows.map((row) => row.map(change)) };
    default:
      return { ...node, args: node.args.map(change) };
  }
}

export function contains(node: Node, isWanted: (node: Node) => boolean): boolean {
  return isWanted(node) || parts(node).some((part) => contains(part, isWanted));
}

const constants: ReadonlySet<string> = new Set(['pi', 'e', 'i', 'infinity', 'reals', 'empty']);

/** Names of the free variables. */
export function variablesOf(node: Node, found = new Set<string>()): ReadonlySet<string> {
  if (node.kind === 'symbol' && !constants.has(node.name)) found.add(node.name);
  for (const part of parts(node)) variablesOf(part, found);
  return found;
}

/** One text for one tree; equal for trees that are written alike. */
export function keyOf(node: Node): string {
  return JSON.stringify(node, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
