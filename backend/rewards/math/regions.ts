/** Subsets of the real line: intervals, unions, inequalities in one variable, finite sets. Brought into one form, they can be compared. */
import * as complex from './complex.ts';
import { exactValue } from './exact.ts';
import { contains, integer, negative, quotient, sum, symbol, variablesOf, type Node, type Relation } from './node.ts';
import { polynomialOf, rootOf } from './polynomial.ts';
import { valueAt } from './sample.ts';

/** A set of reals: its boundary, as far as it is known, and who belongs to it. */
export interface Region {
  readonly boundary: readonly Node[];
  readonly has: (x: number) => boolean;
  /** False for an inequality that was not solved: its boundary may have more points. */
  readonly isSolved: boolean;
}

/** Null if it describes no subset of the real line. `(a, b)` does, as an open interval. */
export function regionOf(node: Node): Region | null {
  switch (node.kind) {
    case 'symbol':
      return node.name === 'reals' ? everything : node.name === 'empty' ? nothing : null;
    case 'set':
      return node.args.every(isRealConstant) ? pointsOf(node.args) : null;
    case 'tuple': {
      const [low, high] = node.args;
      return node.args.length !== 2 || low === undefined || high === undefined
        ? null
        : regionOf({ kind: 'interval', low, high, isLowClosed: false, isHighClosed: false });
    }
    case 'interval': {
      if (!isRealConstant(node.low) || !isRealConstant(node.high)) return null;
      const [low, high] = [numberOf(node.low), numberOf(node.high)];
      const has = (x: number): boolean =>
        (node.isLowClosed ? isAtMost(low, x) : isBelow(low, x)) && (node.isHighClosed ? isAtMost(x, high) : isBelow(x, high));
      return low > high ? null : { boundary: [node.low, node.high].filter((end) => Number.isFinite(numberOf(end))), has, isSolved: true };
    }
    case 'union':
      return combined(node.args, (memberships) => memberships.some(Boolean));
    case 'intersection':
      return combined(node.args, (memberships) => memberships.every(Boolean));
    case 'difference':
      return combined(node.args, ([first, ...rest]) => first === true && !rest.some(Boolean));
    case 'relation':
      return regionOfRelation(node);
    case 'list':
      return node.args.every((arg) => arg.kind === 'relation' && arg.relations.every((relation) => relation !== '=' && relation !== '~'))
        ? regionOfList(node.args, node.isEither === true)
        : null;
    default:
      return null;
  }
}

const everything: Region = { boundary: [], has: () => true, isSolved: true };
const nothing: Region = { boundary: [], has: () => false, isSolved: true };

function pointsOf(points: readonly Node[]): Region {
  const values = points.map(numberOf);
  return { boundary: points, has: (x) => values.some((value) => isSame(value, x)), isSolved: true };
}

/** Several conditions hold together, unless they are said to be alternatives or exclude each other. */
function regionOfList(args: readonly Node[], isEither: boolean): Region | null {
  const both = combined(args, (memberships) => memberships.every(Boolean), true);
  if (both === null) return null;
  const points = both.boundary.map(numberOf).sort((a, b) => a - b);
  const between = points.slice(1).map((x, i) => (x + (points[i] ?? x)) / 2);
  const isPossible = [(points[0] ?? 0) - 1, ...points, ...between, (points.at(-1) ?? 0) + 1].some(both.has);
  return !isEither && isPossible ? both : combined(args, (memberships) => memberships.some(Boolean), true);
}

function combined(args: readonly Node[], decide: (memberships: readonly boolean[]) => boolean, needsOneVariable = false): Region | null {
  const regions: Region[] = [];
  for (const arg of args) {
    const region = regionOf(arg);
    if (region === null) return null;
    regions.push(region);
  }
  if (needsOneVariable && new Set(args.flatMap((arg) => [...variablesOf(arg)])).size !== 1) return null;
  return {
    boundary: regions.flatMap(({ boundary }) => boundary),
    has: (x) => decide(regions.map(({ has }) => has(x))),
    isSolved: regions.every(({ isSolved }) => isSolved),
  };
}

/** `x \in S`, `x > 2`, `1 \le |x| \le 2`, `x \ne 3`, `0 < f(x) < 1` (about the value f(x)). */
function regionOfRelation({ args, relations }: Extract<Node, { kind: 'relation' }>): Region | null {
  const [left, right] = args;
  if (relations[0] === 'in' && relations.length === 1 && left !== undefined && right !== undefined) return isName(left) ? regionOf(right) : null;
  if (relations.some((relation) => relation === 'in' || relation === '=' || relation === '~')) return null;
  const subject = subjectOf(args);
  if (subject === null) return null;
  const boundary: Node[] = [];
  let isSolved = true;
  for (let i = 0; i < relations.length; i++) {
    const roots = solve(subject.args[i] ?? integer(0), subject.args[i + 1] ?? integer(0), subject.variable);
    if (roots === null) isSolved = false;
    else boundary.push(...roots);
  }
  const has = (x: number): boolean => {
    const values = subject.args.map((arg) => valueAt(arg, { number: 0, isSigned: false, values: new Map([[subject.variable, complex.real(x)]]) }));
    if (values.some((value) => Number.isNaN(value.re) || !complex.isReal(value))) return false;
    return relations.every((relation, i) => holds(values[i]?.re ?? NaN, relation, values[i + 1]?.re ?? NaN));
  };
  return { boundary, has, isSolved };
}

/** The only variable of an inequality, or the only thing in it that is not known (`f(x)`), as a variable. */
function subjectOf(args: readonly Node[]): { readonly variable: string; readonly args: readonly Node[] } | null {
  const unknown = args.filter((arg) => arg.kind === 'call' && isName(arg) && arg.name !== 'abs');
  const rest = args.filter((arg) => !unknown.includes(arg));
  if (unknown.length === 1 && rest.every((arg) => variablesOf(arg).size === 0)) {
    return { variable: 'x', args: args.map((arg) => (unknown.includes(arg) ? symbol('x') : arg)) };
  }
  if (unknown.length > 0 || args.some((arg) => contains(arg, ({ kind }) => kind === 'text' || kind === 'list' || kind === 'tuple'))) return null;
  const variables = [...args.reduce((all, arg) => new Set([...all, ...variablesOf(arg)]), new Set<string>())];
  const [variable] = variables;
  return variables.length === 1 && variable !== undefined ? { variable, args } : null;
}

/** Where two sides are equal, if they are linear or the absolute value of something linear against a constant. */
function solve(left: Node, right: Node, variable: string): readonly Node[] | null {
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    // The bound of a solved inequality need not be rational.
    if (side.kind === 'symbol' && side.name === variable && isRealConstant(other)) return Number.isFinite(numberOf(other)) ? [other] : [];
    const arg = side.kind === 'call' && side.name === 'abs' ? side.args[0] : undefined;
    if (arg?.kind === 'symbol' && arg.name === variable && isRealConstant(other)) return [other, negative(other)];
    if (arg !== undefined && exactValue(other) !== null) {
      const roots = [solve(arg, other, variable), solve(arg, negative(other), variable)];
      return roots.some((found) => found === null) ? null : roots.flatMap((found) => found ?? []);
    }
  }
  const difference = polynomialOf(sum([left, negative(right)]));
  const root = difference === null ? null : rootOf(difference, variable);
  return root === null
    ? null
    : [quotient({ kind: 'number', value: { numerator: root.numerator, denominator: 1n }, places: null }, integer(root.denominator))];
}

/** What may stand on the left of `=` to give an answer its name: `x`, `x_1`, `f(x)`, `|AB|`, `\frac{AB}{CD}`, `a:b`, `(p, q)`, `\angle ABC`. */
export function isName(node: Node): boolean {
  switch (node.kind) {
    case 'symbol':
      return !['pi', 'e', 'i', 'infinity', 'reals', 'empty'].includes(node.name) || node.name === 'e';
    case 'text':
      return true;
    case 'call':
      return (
        !['sin', 'cos', 'ln', 'factorial', 'base', 'sum', 'int', 'prod', 'lim'].includes(node.name) &&
        node.args.every((arg) => isName(arg) || exactValue(arg) !== null)
      );
    case 'power':
      return isName(node.base) && exactValue(node.exponent)?.numerator === -1n;
    case 'product':
      return node.args.every(isName);
    case 'ratio':
    case 'tuple':
      return node.args.every(isName);
    default:
      return false;
  }
}

export function isRealConstant(node: Node): boolean {
  if (contains(node, ({ kind }) => !scalarKinds.has(kind)) || variablesOf(node).size > 0) return false;
  const value = valueAt(node, { number: 1, isSigned: false });
  return !Number.isNaN(value.re) && (complex.isReal(value) || Math.abs(value.re) === Infinity);
}

const scalarKinds: ReadonlySet<string> = new Set(['number', 'symbol', 'sum', 'product', 'power', 'call', 'percent', 'degrees', 'quantity']);

export function numberOf(node: Node): number {
  return valueAt(node, { number: 1, isSigned: false }).re;
}

function holds(a: number, relation: Relation, b: number): boolean {
  switch (relation) {
    case '<':
      return isBelow(a, b);
    case '>':
      return isBelow(b, a);
    case '<=':
      return isAtMost(a, b);
    case '>=':
      return isAtMost(b, a);
    case '!=':
      return !isSame(a, b);
    default:
      return isSame(a, b);
  }
}

/** Equal up to rounding; an infinity equals itself only. */
const isSame = (a: number, b: number): boolean =>
  a === b || (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-11 * Math.max(1, Math.abs(a), Math.abs(b)));
const isBelow = (a: number, b: number): boolean => a < b && !isSame(a, b);
const isAtMost = (a: number, b: number): boolean => a <= b || isSame(a, b);
