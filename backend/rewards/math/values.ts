/** Whether two words or two scalars with a percent or degree sign are the same. */
import { integer, product, quotient, symbol, type Node } from './node.ts';
import { compareScalars, type Equality } from './scalars.ts';

/** A text against a text or a name; single letters by case. */
export function compareWords(gold: Node, answer: Node): Equality | null {
  if (gold.kind !== 'text' && answer.kind !== 'text') return null;
  const [a, b] = [wordsOf(gold), wordsOf(answer)];
  if (a === null || b === null) return 'different';
  return a === b || (a.length > 1 && a.toLowerCase() === b.toLowerCase()) ? 'equal' : 'different';
}

function wordsOf(node: Node): string | null {
  if (node.kind === 'text') return node.text.replace(/\s+/gu, ' ').replace(/^\(([a-zA-Z])\)$/u, '$1');
  if (node.kind === 'symbol') return node.name;
  const letters = node.kind === 'product' ? node.args.map(wordsOf) : [null];
  return letters.every((letter) => letter !== null && letter.length === 1) ? letters.join('') : null;
}

/** Scalars, where 28% is 28 and 0.28, 90° is 90 and π/2. */
export function compareValues(gold: Node, answer: Node): Equality {
  for (const kind of ['percent', 'degrees'] as const) {
    if (gold.kind !== kind && answer.kind !== kind) continue;
    const [a, b] = [gold.kind === kind ? gold.arg : gold, answer.kind === kind ? answer.arg : answer];
    const asWritten = compareScalars(a, b);
    if (asWritten === 'equal' || gold.kind === answer.kind) return asWritten;
    return compareScalars(gold.kind === kind ? inOnes(gold) : gold, answer.kind === kind ? inOnes(answer) : answer);
  }
  if (!isScalar(gold) || !isScalar(answer)) return 'different';
  return compareScalars(gold, answer);
}

function inOnes(node: Extract<Node, { kind: 'percent' | 'degrees' }>): Node {
  return node.kind === 'percent' ? quotient(node.arg, integer(100)) : quotient(product([node.arg, symbol('pi')]), integer(180));
}

const scalarKinds: ReadonlySet<string> = new Set(['number', 'symbol', 'sum', 'product', 'power', 'call', 'percent', 'degrees']);

function isScalar(node: Node): boolean {
  return scalarKinds.has(node.kind) && !(node.kind === 'symbol' && (node.name === 'reals' || node.name === 'empty'));
}
