/** The grammar of whole answers: several of them, relations, unions, ratios, units. */
import { cleanMath } from './clean.ts';
import { Cursor } from './cursor.ts';
import type { Node, Relation } from './node.ts';
import { isConstant, parseSum, plainContext } from './parseExpression.ts';
import { NotMath, tokenize, type TokenOptions } from './tokens.ts';
import { canonicalUnit } from './units.ts';

/** @throws NotMath with the reason if the text is no formula */
export function parseAnswer(text: string, options: TokenOptions = { hasThousands: true }): Node {
  const tokens = tokenize(cleanMath(text), options);
  const cursor = new Cursor(tokens);
  if (cursor.isAtEnd()) throw new NotMath('it is empty');
  const isEither = tokens.some(({ type, text: word }) => (type === 'text' && /\bor$/u.test(word)) || (type === 'command' && word === 'lor'));
  const items = parseItems(cursor);
  if (!cursor.isAtEnd()) throw new NotMath(`"${cursor.next().text}" stands in a wrong place`);
  const [first] = items;
  if (first === undefined) throw new NotMath('it is empty');
  return items.length === 1 ? first : { kind: 'list', args: items, ...(isEither ? { isEither } : {}) };
}

/**
 * Answers with separators between them, up to one of the closing marks (written as in the source: `)`, `\}`, `\rangle`) or the end.
 * Where semicolons and commas both separate, commas bind tighter: `p=5,q=2;p=7,q=2` are two answers of two parts.
 */
export function parseItems(cursor: Cursor, ...closings: readonly string[]): readonly Node[] {
  const groups: Node[][] = [[]];
  const isClosing = (): boolean => closings.some((text) => cursor.isMark(text) || (text.startsWith('\\') && cursor.isCommand(text.slice(1))));
  while (!cursor.isAtEnd() && !isClosing()) {
    if (cursor.takeMark(';')) {
      groups.push([]);
      continue;
    }
    if (takeSeparator(cursor)) continue;
    groups.at(-1)?.push(parseRelation(cursor));
    if (!cursor.isAtEnd() && !isClosing() && !cursor.isMark(';') && !isSeparator(cursor)) {
      throw new NotMath(`"${cursor.next().text}" stands in a wrong place`);
    }
  }
  const filled = groups.filter((group) => group.length > 0);
  if (filled.every((group) => group.length === 1)) return filled.flat();
  if (filled.length === 1) return filled[0] ?? [];
  const isEachNamed = filled.every((group) => group.length === filled[0]?.length && group.length > 1);
  return isEachNamed ? filled.map((args): Node => ({ kind: 'tuple', args })) : filled.flat();
}

const separatingWords = /^(?:and|or|,|;|,? ?and|,? ?or|and\/or)$/u;

function isSeparator(cursor: Cursor): boolean {
  const token = cursor.peek();
  if (token?.type === 'mark') return token.text === ',' || token.text === '\\\\';
  if (token?.type === 'command') return ['land', 'lor', 'wedge', 'vee'].includes(token.text);
  return token?.type === 'text' && separatingWords.test(token.text);
}

function takeSeparator(cursor: Cursor): boolean {
  if (!isSeparator(cursor)) return false;
  cursor.next();
  return true;
}

const relationMarks: Readonly<Record<string, Relation>> = { '=': '=', '<': '<', '>': '>' };
const relationCommands: Readonly<Record<string, Relation>> = {
  le: '<=',
  ge: '>=',
  ne: '!=',
  in: 'in',
  approx: '~',
  simeq: '~',
  sim: '~',
  doteq: '~',
  equiv: '=',
};

/** `isHead`: the variable of a set, which `|` and `:` end. */
export function parseRelation(cursor: Cursor, isHead = false): Node {
  return cursor.nested(() => {
    const args = [parseUnits(cursor, isHead)];
    const relations: Relation[] = [];
    for (;;) {
      if (cursor.takeCommand('Rightarrow') || cursor.takeCommand('implies') || cursor.takeCommand('iff') || cursor.takeCommand('Leftrightarrow')) {
        // What follows is what was meant.
        args.splice(0, args.length, parseUnits(cursor, isHead));
        relations.length = 0;
        continue;
      }
      const relation = takeRelation(cursor);
      if (relation === null) break;
      relations.push(relation);
      args.push(parseUnits(cursor, isHead));
    }
    const [first] = args;
    return relations.length === 0 && first !== undefined ? first : { kind: 'relation', args, relations };
  });
}

function takeRelation(cursor: Cursor): Relation | null {
  const token = cursor.peek();
  const table = token?.type === 'mark' ? relationMarks : token?.type === 'command' ? relationCommands : null;
  const relation = table !== null && token !== undefined && Object.hasOwn(table, token.text) ? table[token.text] : undefined;
  if (relation === undefined) return null;
  cursor.next();
  return relation;
}

/** An operand of a relation, with the unit or the words behind it. */
function parseUnits(cursor: Cursor, isHead: boolean): Node {
  const node = parseSets(cursor, isHead);
  if (cursor.takeCommand('pmod') || cursor.takeCommand('bmod') || cursor.takeCommand('mod')) parseSum(cursor, plainContext);
  const unit = takeUnit(cursor, isConstant(node));
  if (unit === null) return node;
  if (/^\s*(?:percent(?:age)?s?|pct)\.?\s*$/iu.test(unit)) return { kind: 'percent', arg: node };
  if (/^\s*degrees?\s*$/iu.test(unit)) return { kind: 'degrees', arg: node };
  return { kind: 'quantity', arg: node, unit: canonicalUnit(unit) };
}

/** Words, and between them what units are built with; null if none follows. Behind a variable, only words that are marked as text. */
function takeUnit(cursor: Cursor, mayBeBare: boolean): string | null {
  let unit = '';
  for (;;) {
    const token = cursor.peek();
    if ((token?.type === 'text' && !separatingWords.test(token.text)) || (mayBeBare && token?.type === 'word')) unit += ` ${token.text}`;
    else if (unit === '') return null;
    else if (cursor.isMark('^')) {
      cursor.next();
      const hasBraces = cursor.takeMark('{');
      const isNegative = cursor.takeMark('-');
      const exponent = cursor.peek();
      if (exponent?.type !== 'number') throw new NotMath('a unit has a strange exponent');
      unit += `^${isNegative ? '-' : ''}${exponent.text}`;
      if (hasBraces) {
        cursor.next();
        if (!cursor.isMark('}')) throw new NotMath('a unit has a strange exponent');
      }
    } else if (cursor.isMark('/')) unit += ' / ';
    else if (token?.type === 'letter' && unit.endsWith('/ ')) unit += token.text;
    else if (!(cursor.isCommand('cdot') || cursor.isMark('.'))) return unit;
    cursor.next();
  }
}

function parseSets(cursor: Cursor, isHead: boolean): Node {
  const args = [parseRatio(cursor, isHead)];
  let kind: 'union' | 'intersection' | 'difference' | null = null;
  for (;;) {
    const next = takeSetOperator(cursor);
    if (next === null) break;
    if (kind !== null && next !== kind) args.splice(0, args.length, { kind, args: [...args] });
    kind = next;
    args.push(parseRatio(cursor, isHead));
  }
  const [first] = args;
  return kind === null && first !== undefined ? first : { kind: kind ?? 'union', args };
}

function takeSetOperator(cursor: Cursor): 'union' | 'intersection' | 'difference' | null {
  if (cursor.takeCommand('cup')) return 'union';
  if (cursor.takeCommand('cap')) return 'intersection';
  if (cursor.takeCommand('setminus') || cursor.takeCommand('backslash')) return 'difference';
  return null;
}

/** `7:32`, `12:00`. */
function parseRatio(cursor: Cursor, isHead: boolean): Node {
  const args: Node[] = [];
  const texts: string[] = [];
  do {
    const token = cursor.peek();
    texts.push(token?.type === 'number' ? token.text : '');
    args.push(parseSum(cursor, { inAbsolute: isHead }));
  } while (!isHead && cursor.takeMark(':'));
  const [first] = args;
  if (args.length === 1 && first !== undefined) return first;
  const isTime = texts.slice(1).every((text) => /^[0-5]\d$/u.test(text)) && /^(?:[01]?\d|2[0-4])$/u.test(texts[0] ?? '');
  return { kind: 'ratio', args, isTime };
}
