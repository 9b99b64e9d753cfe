/** Equations, inequalities and memberships: what they say, and whether two of them say the same. */
import { compareEquations } from './equations.ts';
import { integer, keyOf, negative, symbol, type Node } from './node.ts';
import { isConstant } from './parseExpression.ts';
import { isName } from './regions.ts';
import { compareScalars, type Equality } from './scalars.ts';

type RelationNode = Extract<Node, { kind: 'relation' }>;

/** Of any two answers. */
type Compare = (gold: Node, answer: Node) => Equality;

/** `x = 3` is 3; two equations are compared as such. Null where it does not decide: two inequalities are then to be compared by what they allow. */
export function compareRelations(gold: Node, answer: Node, compare: Compare): Equality | null {
  if (gold.kind !== 'relation' && answer.kind !== 'relation') return null;
  const [goldValue, answerValue] = [valueOfRelation(gold), valueOfRelation(answer)];
  if (gold.kind === 'relation' && answer.kind === 'relation') {
    if (goldValue !== null && answerValue !== null && isNamedAlike(gold, answer) && compare(goldValue, answerValue) === 'equal') return 'equal';
    if (isEquation(gold) && isEquation(answer)) return compareEquations(sidesOf(gold), sidesOf(answer));
    if (gold.relations[0] === 'in' || answer.relations[0] === 'in') return compare(goldValue ?? gold, answerValue ?? answer);
    return compareChains(gold, answer, compare) === 'equal' ? 'equal' : null;
  }
  if (gold.kind === 'relation') return goldValue === null ? compareRounded(gold, answer, compare) : compare(goldValue, answer);
  if (answerValue !== null) return compare(gold, answerValue);
  // 41 + 20 = 61, x + y = 7.
  if (answer.kind !== 'relation' || !isEquation(answer)) return null;
  const [left, right] = sidesOf(answer);
  return (
    compareRounded(answer, gold, compare) ??
    ((isConstant(left) || isSumOfNames(left)) && isConstant(right) && isConstant(gold) ? compare(gold, right) : null)
  );
}

/** The right side of `x = …` or `x \in …`. */
export function valueOfRelation(node: Node): Node | null {
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

export function isEquation({ relations }: RelationNode): boolean {
  return relations.every((relation) => relation === '=' || relation === '~');
}

/** First and last side: what stands between is the way there; what follows `≈` is rounded. */
function sidesOf({ args, relations }: RelationNode): readonly [Node, Node] {
  const rounded = relations.indexOf('~');
  return [args[0] ?? integer(0), args[rounded > 0 ? rounded : args.length - 1] ?? integer(0)];
}

/** `x = 3` is not `y = 3`; `f(x) = 3` is `f(n) = 3`. */
function isNamedAlike(a: RelationNode, b: RelationNode): boolean {
  const name = ({ args: [left] }: RelationNode): string =>
    left?.kind === 'call' ? `${left.name}()` : left === undefined ? '' : keyOf(left).replaceAll(/[_{}]/gu, '');
  return name(a) === name(b);
}

/** `\\frac{5}{12} \\approx 0.417` is both. */
function compareRounded({ args, relations }: RelationNode, other: Node, compare: Compare): Equality | null {
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

function compareChains(gold: RelationNode, answer: RelationNode, compare: Compare): Equality {
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
