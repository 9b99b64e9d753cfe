/** Whether two answers are the same, whatever they are: scalars, sets, tuples, intervals, relations, matrices, ratios, words. */
import { exactValue } from './exact.ts';
import { reduceMatrices } from './matrices.ts';
import { keyOf, product, quotient, symbol, type Node } from './node.ts';
import { compareRegions } from './compareRegions.ts';
import { compareRelations, isEquation, valueOfRelation } from './compareRelations.ts';
import { regionOf } from './regions.ts';
import { compareScalars, type Equality } from './scalars.ts';
import { withoutSigns } from './signs.ts';
import { compareValues, compareWords } from './values.ts';

/** More would take too long to pair. */
const maxItems = 100;

/** Symmetric but for names: `x + y = 7` is an answer to a question with the gold answer 7, and 7 is none where the gold answer is an equation. */
export function compareAnswers(gold: Node, answer: Node): Equality {
  return compare(prepared(gold), prepared(answer));
}

function prepared(node: Node): Node {
  return withoutSigns(reduceMatrices(node));
}

function compare(gold: Node, answer: Node): Equality {
  if (keyOf(gold) === keyOf(answer)) return 'equal';
  if (gold.kind === 'quantity' || answer.kind === 'quantity') return compareQuantities(gold, answer);
  return (
    compareCollections(gold, answer) ??
    compareRelations(gold, answer, compare) ??
    compareAsRegions(gold, answer) ??
    compareTuples(gold, answer) ??
    compareRatios(gold, answer) ??
    compareWords(gold, answer) ??
    compareValues(gold, answer)
  );
}

/** Lists and sets in any order; a list against a tuple in its order; `\{5\}` against 5. */
function compareCollections(gold: Node, answer: Node): Equality | null {
  const isGold = isCollection(gold);
  if (!isGold && !isCollection(answer)) return null;
  if (isGold && isCollection(answer)) {
    const [namesA, namesB] = [distinctNames(gold), distinctNames(answer)];
    if (namesA === namesB) return comparePairs(gold.args, answer.args);
    // `a = 1, b = 2` against numbers without names: their order says which is which.
    return gold.kind === 'list' && answer.kind === 'list' ? inOrder(gold, answer) : 'different';
  }
  const [collection, other] = isGold ? [gold, answer] : [answer, gold];
  if (!isCollection(collection)) return null;
  const unwrapped = valueOfRelation(other);
  if (unwrapped !== null) return isGold ? compare(gold, unwrapped) : compare(unwrapped, answer);
  if (isRegion(collection)) return null;
  if (collection.kind === 'list' && other.kind === 'tuple') {
    const isOrdered = collection.isEither !== true && (distinctNames(collection) || !collection.args.some(({ kind }) => kind === 'relation'));
    return isOrdered ? inOrder(gold, answer) : 'different';
  }
  const [only] = collection.args;
  if (collection.args.length === 1 && only !== undefined && other.kind !== 'tuple') return isGold ? compare(only, answer) : compare(gold, only);
  return null;
}

/** Whether its items are named, each otherwise (`x_1` and `x_2` are one name, as are `x` and `x`). */
function distinctNames({ args }: { readonly args: readonly Node[] }): boolean {
  const names = args.map((arg) =>
    arg.kind === 'relation' && isEquation(arg) && arg.args[0] !== undefined ? keyOf(arg.args[0]).replaceAll(/_\w/gu, '') : null,
  );
  return names.every((name) => name !== null) && new Set(names).size === names.length;
}

function isCollection(node: Node): node is Extract<Node, { kind: 'list' | 'set' }> {
  return node.kind === 'list' || node.kind === 'set';
}

/** Each item of one finds its own in the other; an answer may repeat itself where the gold answer does not. */
function comparePairs(gold: readonly Node[], answer: readonly Node[]): Equality {
  if (gold.length > maxItems || answer.length > maxItems) return 'unknown';
  if (gold.length > answer.length) return 'different';
  const free = new Set(answer.keys());
  for (const item of gold) {
    const match = [...free].find((i) => compare(item, answer[i] ?? symbol('empty')) === 'equal');
    if (match === undefined) return 'different';
    free.delete(match);
  }
  if (free.size === 0) return 'equal';
  const repeatsItself = gold.some((item, i) => gold.some((other, j) => j < i && compare(item, other) === 'equal'));
  return !repeatsItself && [...free].every((i) => gold.some((item) => compare(item, answer[i] ?? symbol('empty')) === 'equal'))
    ? 'equal'
    : 'different';
}

function inOrder(gold: Node, answer: Node): Equality {
  const [a, b] = [itemsOf(gold), itemsOf(answer)];
  if (a.length !== b.length) return 'different';
  let result: Equality = 'equal';
  for (const [i, item] of a.entries()) {
    const equality = compare(item, b[i] ?? symbol('empty'));
    if (equality === 'different') return 'different';
    if (equality === 'unknown') result = 'unknown';
  }
  return result;
}

function itemsOf(node: Node): readonly Node[] {
  if (node.kind === 'interval') return [node.low, node.high];
  return node.kind === 'matrix' ? node.rows.flat() : node.kind === 'tuple' || node.kind === 'list' ? node.args : [];
}

const regionKinds: ReadonlySet<string> = new Set(['interval', 'union', 'intersection', 'difference', 'relation']);

function isRegion(node: Node): boolean {
  if (node.kind === 'list') return node.args.every((arg) => arg.kind === 'relation' && !isEquation(arg));
  return regionKinds.has(node.kind) || (node.kind === 'symbol' && (node.name === 'reals' || node.name === 'empty'));
}

function compareAsRegions(gold: Node, answer: Node): Equality | null {
  if (!isRegion(gold) && !isRegion(answer)) return null;
  const [a, b] = [regionOf(gold), regionOf(answer)];
  if (a !== null && b !== null) return compareRegions(a, b, compareValues);
  if (gold.kind === 'interval' && answer.kind === 'interval') {
    const isSame = gold.isLowClosed === answer.isLowClosed && gold.isHighClosed === answer.isHighClosed;
    return isSame ? inOrder(gold, answer) : 'different';
  }
  if (gold.kind === answer.kind && (gold.kind === 'union' || gold.kind === 'intersection') && 'args' in answer) {
    return comparePairs(gold.args, answer.args);
  }
  return 'different';
}

function compareTuples(gold: Node, answer: Node): Equality | null {
  if (gold.kind === 'matrix' && answer.kind === 'matrix') {
    const isSameShape = gold.rows.length === answer.rows.length && gold.rows[0]?.length === answer.rows[0]?.length;
    return isSameShape ? inOrder(gold, answer) : 'different';
  }
  const isVector = (node: Node): boolean => node.kind === 'matrix' && (node.rows.length === 1 || node.rows[0]?.length === 1);
  const isOrdered = (node: Node): boolean => node.kind === 'tuple' || isVector(node);
  if (isOrdered(gold) && isOrdered(answer)) return inOrder(gold, answer);
  return isOrdered(gold) || isOrdered(answer) || gold.kind === 'matrix' || answer.kind === 'matrix' ? 'different' : null;
}

/** Times part by part; ratios also in proportion, and of two parts as a quotient. */
function compareRatios(gold: Node, answer: Node): Equality | null {
  if (gold.kind === 'ratio' && answer.kind === 'ratio') {
    if (gold.args.length !== answer.args.length) return 'different';
    const isEach = gold.args.every((arg, i) => compare(arg, answer.args[i] ?? symbol('empty')) === 'equal');
    if (isEach) return 'equal';
    if (gold.isTime && answer.isTime) return 'different';
    const [a, b] = [gold.args[0], answer.args[0]];
    if (a === undefined || b === undefined) return 'different';
    const isProportional = gold.args.every(
      (arg, i) => compareScalars(product([arg, b]), product([answer.args[i] ?? symbol('empty'), a])) === 'equal',
    );
    return isProportional && exactValue(a)?.numerator !== 0n ? 'equal' : 'different';
  }
  const [ratio, other] = gold.kind === 'ratio' ? [gold, answer] : [answer, gold];
  if (ratio.kind !== 'ratio') return null;
  const [a, b] = ratio.args;
  return ratio.args.length === 2 && a !== undefined && b !== undefined ? compareScalars(quotient(a, b), other) : 'different';
}

/** Units differ only if both are given. */
function compareQuantities(gold: Node, answer: Node): Equality {
  const [unitA, unitB] = [gold, answer].map((node) => (node.kind === 'quantity' ? node.unit : ''));
  if (unitA !== '' && unitB !== '' && unitA !== unitB) return 'different';
  return compare(gold.kind === 'quantity' ? gold.arg : gold, answer.kind === 'quantity' ? answer.arg : answer);
}

/** Whether both are exact numbers, so that no second opinion could differ for a reason. */
export function areExact(gold: Node, answer: Node): boolean {
  return exactValue(gold) !== null && exactValue(answer) !== null;
}
