/** The grammar of functions with their indices and exponents, and of sums, integrals and limits. */
import type { Cursor } from './cursor.ts';
import { isFunction } from './functions.ts';
import { call, integer, power, type Node } from './node.ts';
import { parseItems, parseRelation } from './parseAnswer.ts';
import { parseArgument, parseFunctionArgument, parseProduct, parseSum, type Context } from './parseExpression.ts';

/** Sums, integrals and limits: known by their parts only; two are equal when those are. */
export function parseBigOperator(cursor: Cursor, context: Context, command: string): Node {
  const bounds: Node[] = [integer(0), integer(0)];
  while (cursor.isMark('_') || cursor.isMark('^')) {
    const place = cursor.next().text === '_' ? 0 : 1;
    bounds[place] = cursor.takeMark('{') ? closed(cursor, parseRelation(cursor)) : parseArgument(cursor, context);
  }
  const [low, high] = bounds;
  return call(command, parseProduct(cursor, context), flattened(low ?? integer(0)), flattened(high ?? integer(0)));
}

function closed(cursor: Cursor, node: Node): Node {
  cursor.expectMark('}');
  return node;
}

/** `k = 0` below a sum, as a value of its own kind. */
function flattened(bound: Node): Node {
  return bound.kind === 'relation' ? call('from', ...bound.args) : bound;
}

export function parseFunction(cursor: Cursor, context: Context, name: string): Node {
  let base: Node | null = name === 'log10' ? integer(10) : null;
  let exponent: Node | null = null;
  while (cursor.isMark('_') || cursor.isMark('^')) {
    if (cursor.next().text === '_') base = parseArgument(cursor, context);
    else exponent = cursor.isMark('-') ? parseSum(cursor, context) : parseArgument(cursor, context);
  }
  const args = takesSeveral.has(name) && cursor.takeMark('(') ? closedItems(cursor) : [parseFunctionArgument(cursor, context)];
  const applied = (of: string): Node => call(of, ...args, ...(base === null ? [] : [base]));
  const result = name.startsWith('log') ? applied(base === null ? 'ln' : 'log') : applied(name);
  if (exponent === null) return result;
  const isInverse = exponent.kind === 'number' && exponent.value.numerator === -1n && isFunction(`arc${name}`);
  return isInverse ? applied(`arc${name}`) : power(result, exponent);
}

const takesSeveral: ReadonlySet<string> = new Set(['min', 'max', 'gcd', 'lcm']);

function closedItems(cursor: Cursor): readonly Node[] {
  const items = parseItems(cursor, ')');
  cursor.expectMark(')');
  return items;
}
