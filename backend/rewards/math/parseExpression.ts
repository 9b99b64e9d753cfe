/** The grammar of scalar expressions: sums, products, powers, what binds tighter is in `parsePrimary.ts`. */
import type { Cursor } from './cursor.ts';
import { call, contains, integer, negative, power, product, quotient, sum, type Node } from './node.ts';
import { endsAbsolute, parsePrimary } from './parsePrimary.ts';
import { isFunction } from './functions.ts';
import { NotMath } from './tokens.ts';

/** What an expression stands in, where that decides what a token means. */
export interface Context {
  /** Inside of `|…|`, so that `|` closes. */
  readonly inAbsolute: boolean;
}

export const plainContext: Context = { inAbsolute: false };

export function parseSum(cursor: Cursor, context: Context): Node {
  return cursor.nested(() => {
    const terms: Node[] = [];
    for (;;) {
      const sign = takeSign(cursor);
      if (sign === null && terms.length > 0) break;
      terms.push(signed(sign ?? '+', parseProduct(cursor, context)));
    }
    return sum(terms);
  });
}

function takeSign(cursor: Cursor): string | null {
  let sign: string | null = null;
  for (;;) {
    if (cursor.takeMark('+')) sign ??= '+';
    else if (cursor.takeMark('-')) sign = sign === '-' ? '+' : '-';
    else if (cursor.takeCommand('pm')) sign = 'pm';
    else if (cursor.takeCommand('mp')) sign = 'mp';
    else return sign;
  }
}

function signed(sign: string, arg: Node): Node {
  if (sign === '+') return arg;
  if (sign === '-') return negative(arg);
  return { kind: 'plusMinus', sign: sign === 'pm' ? 1 : -1, arg };
}

/** Factors with and without a sign between them; `a/b c` is `(a/b) c`. */
export function parseProduct(cursor: Cursor, context: Context): Node {
  const factors = [parsePower(cursor, context)];
  for (;;) {
    if (cursor.takeMark('*') || cursor.takeCommand('cdot') || cursor.takeCommand('times') || cursor.takeCommand('ast')) {
      factors.push(parseSigned(cursor, context));
    } else if (cursor.takeMark('/') || cursor.takeCommand('div')) {
      const last = factors.pop();
      if (last === undefined) throw new NotMath('it begins with a division');
      factors.push(quotient(last, parseSigned(cursor, context)));
    } else if (beginsFactor(cursor, context)) {
      const mayBeMixed = cursor.peek(-1)?.type === 'number' && cursor.isCommand('frac');
      const factor = parsePower(cursor, context);
      const last = factors.at(-1);
      if (last !== undefined && mayBeMixed && isMixedNumber(last, factor)) factors.splice(-1, 1, sum([last, factor]));
      else factors.push(factor);
    } else return product(factors);
  }
}

function parseSigned(cursor: Cursor, context: Context): Node {
  const sign = takeSign(cursor);
  return signed(sign ?? '+', parsePower(cursor, context));
}

/** `2\frac{1}{2}` is two and a half. */
function isMixedNumber(whole: Node, part: Node): boolean {
  if (whole.kind !== 'number' || whole.places !== null || whole.value.numerator <= 0n || part.kind !== 'product') return false;
  const [numerator, denominator] = part.args;
  return (
    part.args.length === 2 &&
    numerator?.kind === 'number' &&
    numerator.places === null &&
    denominator?.kind === 'power' &&
    denominator.base.kind === 'number' &&
    denominator.base.places === null &&
    numerator.value.numerator > 0n &&
    numerator.value.numerator < denominator.base.value.numerator
  );
}

/** A primary with its exponents, factorials, percent and degree signs. */
export function parsePower(cursor: Cursor, context: Context): Node {
  let node = parsePrimary(cursor, context);
  for (;;) {
    if (cursor.takeMark('^')) {
      const exponent = cursor.isMark('-') || cursor.isMark('+') ? parseSigned(cursor, context) : parseArgument(cursor, context);
      node = power(node, exponent);
    } else if (cursor.isMark('!') && !cursor.isMark('=', 1)) {
      cursor.next();
      node = cursor.takeMark('!') ? call('doubleFactorial', node) : call('factorial', node);
    } else if (cursor.takeMark('%')) node = { kind: 'percent', arg: node };
    else if (cursor.takeCommand('degree')) node = { kind: 'degrees', arg: node };
    else return node;
  }
}

/** What `^`, `\sqrt` or `\frac` take: a group, or one token. */
export function parseArgument(cursor: Cursor, context: Context): Node {
  return parsePrimary(cursor, context);
}

/** The argument of `\sin`, `\ln` and the like without brackets: factors up to the next function, sign or end. */
export function parseFunctionArgument(cursor: Cursor, context: Context): Node {
  return cursor.nested(() => {
    if (cursor.isMark('(') || cursor.isMark('{') || cursor.isMark('[')) return parsePower(cursor, context);
    const factors: Node[] = [parseSigned(cursor, context)];
    for (;;) {
      if (cursor.takeMark('/')) factors.push(quotient(factors.pop() ?? integer(1), parsePower(cursor, context)));
      else if (beginsFactor(cursor, context) && !beginsFunction(cursor) && !cursor.isMark('(')) factors.push(parsePower(cursor, context));
      else return product(factors);
    }
  });
}

function beginsFunction(cursor: Cursor): boolean {
  const token = cursor.peek();
  return token?.type === 'command' && isFunction(token.text);
}

const stops: ReadonlySet<string> = new Set(
  'cup cap setminus in notin le ge ne approx equiv sim to rightarrow Rightarrow implies iff pm mp cdot times div ast degree mid rfloor rceil rangle rvert rVert pmod mod bmod subset land lor'.split(
    ' ',
  ),
);

/** Whether the next token continues a product without a sign. */
function beginsFactor(cursor: Cursor, context: Context): boolean {
  const token = cursor.peek();
  if (token === undefined) return false;
  switch (token.type) {
    case 'number':
    case 'letter':
    case 'begin':
      return true;
    case 'command':
      return !stops.has(token.text) && !(context.inAbsolute && token.text === 'vert');
    case 'mark':
      if (token.text === '|') return !context.inAbsolute && !endsAbsolute(cursor);
      return token.text === '(' || token.text === '{';
    default:
      return false;
  }
}

/** Whether an expression has no free variables, so that it stands for one number. */
export function isConstant(node: Node): boolean {
  return !contains(node, (part) => (part.kind === 'symbol' && !['pi', 'e', 'i', 'infinity'].includes(part.name)) || part.kind === 'text');
}
