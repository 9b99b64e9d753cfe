/** The grammar of what binds tightest: numbers, names, brackets, fractions, roots, functions, matrices. */
import type { Cursor } from './cursor.ts';
import { fraction } from './fraction.ts';
import { isFunction } from './functions.ts';
import { call, integer, power, product, quotient, sum, symbol, type Node } from './node.ts';
import { parseItems, parseRelation } from './parseAnswer.ts';
import { parseBigOperator, parseFunction } from './parseFunction.ts';
import { parseArgument, parseProduct, parseSum, type Context } from './parseExpression.ts';
import { NotMath } from './tokens.ts';

const renamed: Readonly<Record<string, string>> = {
  infty: 'infinity',
  R: 'reals',
  emptyset: 'empty',
  varnothing: 'empty',
  varepsilon: 'epsilon',
  varphi: 'phi',
  vartheta: 'theta',
  imath: 'i',
};
const functionNames: Readonly<Record<string, string>> = { lg: 'log10', tg: 'tan', ctg: 'cot', asin: 'arcsin', acos: 'arccos', atan: 'arctan' };
/** Letters that are a function where a bracket follows at once: `f(x)`. */
const functionLetters: ReadonlySet<string> = new Set([...'fghFGHPQW']);
/** Marks on top of a name, and what else leaves its argument opaque. */
const decorations: ReadonlySet<string> = new Set(
  'overline bar vec hat widehat tilde overrightarrow overleftrightarrow dot ddot underline mathcal mathfrak mathscr overset underset'.split(' '),
);
const bigOperators: ReadonlySet<string> = new Set(['sum', 'prod', 'int', 'lim', 'iint', 'oint', 'bigcup', 'bigcap']);
const refused: ReadonlySet<string> = new Set([
  'text',
  'text{',
  'item',
  'cline',
  'multicolumn',
  'includegraphics',
  'substack',
  'xrightarrow',
  'ldots',
  'dots',
  'cdots',
]);

export function parsePrimary(cursor: Cursor, context: Context): Node {
  return cursor.nested(() => {
    const token = cursor.next();
    switch (token.type) {
      case 'number':
        return parseNumber(cursor, token.text);
      case 'letter':
        return parseName(cursor, context, token.text, functionLetters.has(token.text));
      case 'command':
        return parseCommand(cursor, context, token.text);
      case 'begin':
        return parseMatrix(cursor, token.text);
      case 'mark':
        return parseBracket(cursor, context, token.text);
      case 'text':
        return { kind: 'text', text: token.text };
      case 'word':
      case 'end':
        throw new NotMath(`"${token.text}" is no part of a formula`);
    }
  });
}

function parseNumber(cursor: Cursor, text: string): Node {
  const number = readNumber(text);
  // 204_5: digits in a base are no number of ours.
  return cursor.takeMark('_') ? call('base', number, parseArgument(cursor, { inAbsolute: false })) : number;
}

/** `12`, `1.5e3`, `0.1(6)` with what repeats in brackets. */
function readNumber(text: string): Node {
  const [digits = '', exponentText = '0'] = text.split(/[eE]/u);
  const [whole = '', decimals] = digits.split('.');
  const exponent = Number(exponentText);
  if (digits.length > 1000 || Math.abs(exponent) > 1000) throw new NotMath('a number is too long');
  const [fixed = '', repeated = ''] = (decimals ?? '').replace(')', '').split('(');
  const places = fixed.length;
  const cycle = 10n ** BigInt(repeated.length) - 1n;
  const size = repeated === '' ? BigInt(whole + fixed) : BigInt(whole + fixed) * cycle + BigInt(repeated);
  const scale = 10n ** BigInt(Math.abs(exponent));
  const divisor = 10n ** BigInt(places) * (repeated === '' ? 1n : cycle);
  const value = fraction(size * (exponent > 0 ? scale : 1n), divisor * (exponent < 0 ? scale : 1n));
  if (value === null) throw new NotMath('a number is too long');
  const isDecimal = decimals !== undefined && repeated === '' && places - exponent > 0;
  return { kind: 'number', value, places: isDecimal ? places - exponent : null };
}

/** A variable with its index and primes, or a function applied to arguments. */
function parseName(cursor: Cursor, context: Context, letter: string, mayBeFunction: boolean): Node {
  let name = letter;
  let index: Node | null = null;
  if (cursor.takeMark('_')) {
    index = parseArgument(cursor, context);
    if (index.kind === 'symbol' || index.kind === 'text') [name, index] = [`${name}_${index.kind === 'symbol' ? index.name : index.text}`, null];
    else if (index.kind === 'number') [name, index] = [`${name}_${index.value.numerator}`, null];
  }
  while (cursor.takeMark("'")) name += "'";
  if (cursor.isCommand('prime')) throw new NotMath('a prime stands alone');
  if (mayBeFunction && cursor.isMark('(')) {
    cursor.next();
    const args = parseItems(cursor, ')');
    cursor.expectMark(')');
    return call(name, ...args, ...(index === null ? [] : [index]));
  }
  return index === null ? symbol(name) : call(name, index);
}

function parseCommand(cursor: Cursor, context: Context, command: string): Node {
  const name = functionNames[command] ?? renamed[command] ?? command;
  if (command === 'frac') return quotient(parseDigitOrGroup(cursor, context), parseDigitOrGroup(cursor, context));
  if (command === 'binom') return call('binomial', parseArgument(cursor, context), parseArgument(cursor, context));
  if (command === 'sqrt') return parseRoot(cursor, context);
  if (command === 'lfloor' || command === 'lceil') return parseRounded(cursor, command);
  if (command === 'langle') return parseClosed(cursor, 'rangle');
  if (command === 'lvert' || command === 'vert') return parseAbsolute(cursor, (at) => at.takeCommand(command === 'vert' ? 'vert' : 'rvert'));
  if (command === 'angle' || command === 'triangle' || command === 'measuredangle') return parseFigure(cursor, command);
  if (bigOperators.has(command)) return parseBigOperator(cursor, context, command);
  if (decorations.has(command)) return call(command, parseArgument(cursor, context));
  if (name === 'log' || name === 'log10' || isFunction(name)) return parseFunction(cursor, context, name);
  if (refused.has(command)) throw new NotMath(`it contains \\${command}`);
  if (cursor.isMark('{')) {
    const args: Node[] = [];
    while (cursor.isMark('{')) args.push(parseArgument(cursor, context));
    return call(`\\${command}`, ...args);
  }
  return parseName(cursor, context, name, command === 'Gamma');
}

/** `\\frac12` is a half. */
function parseDigitOrGroup(cursor: Cursor, context: Context): Node {
  cursor.splitNumber();
  return parseArgument(cursor, context);
}

function parseRoot(cursor: Cursor, context: Context): Node {
  let degree: Node = integer(2);
  if (cursor.takeMark('[')) {
    degree = parseSum(cursor, context);
    cursor.expectMark(']');
  }
  return power(parseArgument(cursor, context), quotient(integer(1), degree));
}

function parseRounded(cursor: Cursor, command: string): Node {
  const arg = parseSum(cursor, { inAbsolute: false });
  if (!cursor.takeCommand(command === 'lfloor' ? 'rfloor' : 'rceil')) throw new NotMath(`\\${command} is not closed`);
  return call(command === 'lfloor' ? 'floor' : 'ceil', arg);
}

function parseClosed(cursor: Cursor, close: string): Node {
  const args = parseItems(cursor, `\\${close}`);
  if (!cursor.takeCommand(close)) throw new NotMath(`\\${close} is missing`);
  return { kind: 'tuple', args };
}

function parseAbsolute(cursor: Cursor, takeClose: (cursor: Cursor) => boolean): Node {
  const arg = parseSum(cursor, { inAbsolute: true });
  if (!takeClose(cursor)) throw new NotMath('an absolute value is not closed');
  return call('abs', arg);
}

function parseFigure(cursor: Cursor, command: string): Node {
  let name = command;
  for (let token = cursor.peek(); token?.type === 'letter' || token?.type === 'word' || token?.type === 'number'; token = cursor.peek()) {
    name += ` ${token.text}`;
    cursor.next();
  }
  return symbol(name);
}

function parseBracket(cursor: Cursor, context: Context, open: string): Node {
  if (open === '{') {
    const items = parseItems(cursor, '}');
    cursor.expectMark('}');
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: 'list', args: items };
  }
  if (open === '\\{') return parseSet(cursor);
  if (open === '|') return parseAbsolute(cursor, (at) => at.takeMark('|'));
  if (open === '\\|') return parseAbsolute(cursor, (at) => at.takeMark('\\|'));
  if (open === '-' || open === '+') {
    const arg = parseProduct(cursor, context);
    return open === '-' ? product([integer(-1), arg]) : arg;
  }
  if (open !== '(' && open !== '[' && open !== ']') throw new NotMath(`"${open}" stands in a wrong place`);
  const args = parseItems(cursor, ')', ']', ...(open === ']' ? ['['] : []));
  const close = cursor.next().text;
  const [first, second] = args;
  if (first === undefined) throw new NotMath('brackets are empty');
  const isMatched = (open === '(' && close === ')') || (open === '[' && close === ']');
  if (args.length === 1 && isMatched) return first.kind === 'list' ? { kind: 'tuple', args: first.args } : first;
  if (args.length === 2 && second !== undefined && !(open === '(' && close === ')')) {
    return { kind: 'interval', low: first, high: second, isLowClosed: open === '[', isHighClosed: close === ']' };
  }
  if (!isMatched) throw new NotMath('brackets do not match');
  return { kind: 'tuple', args };
}

/** `\\{1, 2\\}`, or `\\{x \\mid x > 2\\}`, which is its condition. */
function parseSet(cursor: Cursor): Node {
  if (cursor.takeMark('\\}')) return symbol('empty');
  if (describesVariable(cursor)) {
    const head = parseRelation(cursor, true);
    if (!(cursor.takeMark('|') || cursor.takeCommand('mid') || cursor.takeMark(':'))) throw new NotMath('a set has no condition');
    if (head.kind !== 'symbol' && head.kind !== 'relation') throw new NotMath('a set describes no variable');
    const condition = parseRelation(cursor);
    cursor.expectMark('\\}');
    return condition;
  }
  const args = parseItems(cursor, '\\}');
  cursor.expectMark('\\}');
  return { kind: 'set', args };
}

/** Whether a variable and a bar follow, or a variable with what it is a member of. */
function describesVariable(cursor: Cursor): boolean {
  return (
    cursor.peek()?.type === 'letter' && (cursor.isMark('|', 1) || cursor.isMark(':', 1) || cursor.isCommand('mid', 1) || cursor.isCommand('in', 1))
  );
}

const matrices: ReadonlySet<string> = new Set(['matrix', 'pmatrix', 'bmatrix', 'Bmatrix', 'smallmatrix', 'array', 'vmatrix']);

function parseMatrix(cursor: Cursor, environment: string): Node {
  if (!matrices.has(environment)) throw new NotMath(`it contains the environment ${environment}`);
  if (environment === 'array' && cursor.takeMark('{')) while (!cursor.takeMark('}')) cursor.next();
  const rows: Node[][] = [[]];
  while (cursor.peek()?.type !== 'end') {
    if (cursor.takeMark('\\\\')) rows.push([]);
    else if (!cursor.takeMark('&')) rows.at(-1)?.push(sum([parseSum(cursor, { inAbsolute: false })]));
  }
  cursor.next();
  const filled = rows.filter((row) => row.length > 0);
  if (filled.length === 0 || filled.some((row) => row.length !== filled[0]?.length)) throw new NotMath('the rows of a matrix differ in length');
  return environment === 'vmatrix' ? call('det', { kind: 'matrix', rows: filled }) : { kind: 'matrix', rows: filled };
}

/** Whether a `|` at the cursor cannot open an absolute value, because nothing follows that it could contain. */
export function endsAbsolute(cursor: Cursor): boolean {
  const after = cursor.peek(1);
  return after === undefined || (after.type === 'mark' && [',', ')', ']', '}', '=', '<', '>', '\\}'].includes(after.text));
}
