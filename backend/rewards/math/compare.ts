/** Whether two answers are the same, whatever they are: scalars, sets, tuples, intervals, relations, matrices, ratios, words. */
import { compareEquations } from './equations.ts';
import { exactValue } from './exact.ts';
import { reduceMatrices } from './matrices.ts';
import { integer, keyOf, negative, product, quotient, symbol, type Node } from './node.ts';
import { isConstant } from './parseExpression.ts';
import { compareRegions } from './compareRegions.ts';
import { isName, regionOf } from './regions.ts';
import { compareScalars, type Equality } from './scalars.ts';
import { withoutSigns } from './signs.ts';
import { compareValues, compareWords } from './values.ts';

type RelationNode = Extract<Node, { kind: 'relation' }>;

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
    compareRelations(gold, answer) ??
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

/** `x = 3` is 3; two equations are compared as such, two inequalities as what they allow. */
function compareRelations(gold: Node, answer: Node): Equality | null {
  if (gold.kind !== 'relation' && answer.kind !== 'relation') return null;
  const [goldValue, answerValue] = [valueOfRelation(gold), valueOfRelation(answer)];
  if (gold.kind === 'relation' && answer.kind === 'relation') {
    if (goldValue !== null && answerValue !== null && isNamedAlike(gold, answer) && compare(goldValue, answerValue) === 'equal') return 'equal';
    if (isEquation(gold) && isEquation(answer)) return compareEquations(sidesOf(gold), sidesOf(answer));
    if (gold.relations[0] === 'in' || answer.relations[0] === 'in') return compare(goldValue ?? gold, answerValue ?? answer);
    if (compareChains(gold, answer) === 'equal') return 'equal';
    return compareAsRegions(gold, answer) ?? 'different';
  }
  if (gold.kind === 'relation') return goldValue === null ? compareRounded(gold, answer) : compare(goldValue, answer);
  if (answerValue !== null) return compare(gold, answerValue);
  // 41 + 20 = 61, x + y = 7.
  if (answer.kind !== 'relation' || !isEquation(answer)) return null;
  const [left, right] = sidesOf(answer);
  return (
    compareRounded(answer, gold) ?? ((isConstant(left) || isSumOfNames(left)) && isConstant(right) && isConstant(gold) ? compare(gold, right) : null)
  );
}

/** `\\frac{5}{12} \\approx 0.417` is both. */
function compareRounded({ args, relations }: RelationNode, other: Node): Equality | null {
  if (relations[0] !== '~' || !args.every(isConstant)) return null;
  return args.some((arg) => compare(arg, other) === 'equal') ? 'equal' : 'different';
}

function isSumOfNames(node: Node): boolean {
  const isTerm = (term: Node): boolean => {
    const [sign, ...rest] = term.kind === 'product' ? term.args : [];
    return isName(term) || (sign !== undefined && keyOf(sign) === keyOf(integer(-1)) && rest.every(isName));
  };
  return node.kind === 'sum' && node.args.every(isTerm);
}

function isEquation({ relations }: RelationNode): boolean {
  return relations.every((relation) => relation === '=' || relation === '~');
}

/** First and last side: what stands between is the way there; what follows `≈` is rounded. */
function sidesOf({ args, relations }: RelationNode): readonly [Node, Node] {
  const rounded = relations.indexOf('~');
  return [args[0] ?? integer(0), args[rounded > 0 ? rounded : args.length - 1] ?? integer(0)];
}

/** The right side of `x = …` or `x \in …`. */
function valueOfRelation(node: Node): Node | null {
  if (node.kind !== 'relation') return null;
  const [left] = node.args;
  if (left === undefined) return null;
  if (node.relations.length === 1 && node.relations[0] === 'in') return isName(left) ? (node.args[1] ?? null) : null;
  if (!isEquation(node)) return null;
  if (isName(left)) return sidesOf(node)[1];
  const [, second] = node.args;
  // 1 = x, and 0 = 1 = x = 2 by its last side.
  if (second !== undefined && isConstant(left)) return isName(second) ? (node.args.length === 2 ? left : sidesOf(node)[1]) : null;
  return null;
}

/** `x = 3` is not `y = 3`; `f(x) = 3` is `f(n) = 3`. */
function isNamedAlike(a: RelationNode, b: RelationNode): boolean {
  const name = ({ args: [left] }: RelationNode): string =>
    left?.kind === 'call' ? `${left.name}()` : left === undefined ? '' : keyOf(left).replaceAll(/[_{}]/gu, '');
  return name(a) === name(b);
}

function compareChains(gold: RelationNode, answer: RelationNode): Equality {
  const turned = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '=': '=', '!=': '!=', in: 'in', '~': '~' } as const;
  const isSame = (args: readonly Node[], relations: readonly string[]): boolean =>
    relations.join() === gold.relations.join() && args.every((arg, i) => compare(gold.args[i] ?? symbol('empty'), arg) === 'equal');
  if (isSame(answer.args, answer.relations)) return 'equal';
  const isTurnedSame = isSame(
    [...answer.args].reverse(),
    [...answer.relations].reverse().map((relation) => turned[relation]),
  );
  return isTurnedSame ? 'equal' : compareInequalities(gold, answer);
}

/** `2x - y > 1` against `y < 2x - 1`: the difference of their sides is the same up to a positive factor. */
function compareInequalities(gold: RelationNode, answer: RelationNode): Equality {
  const difference = ({ args: [a, b], relations }: RelationNode): readonly [string, Node] | null => {
    const relation = relations[0];
    if (relations.length !== 1 || a === undefined || b === undefined || relation === undefined || relation === 'in') return null;
    const [low, high] = relation.startsWith('<') ? [a, b] : [b, a];
    return [relation.replace('>', '<'), { kind: 'sum', args: [high, negative(low)] }];
  };
  const [first, second] = [difference(gold), difference(answer)];
  if (first === null || second === null || first[0] !== second[0]) return 'different';
  // Equal differences are certainly equal; a positive factor is left to the second opinion.
  return compareScalars(first[1], second[1]) === 'equal' ? 'equal' : 'unknown';
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
