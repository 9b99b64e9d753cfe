/** Double signs, taken apart: `a ± b` is two answers. */
import { contains, mapParts, negative, type Node } from './node.ts';

/** `a ± b` as the two answers it stands for. */
export function withoutSigns(node: Node): Node {
  if (node.kind === 'list' || node.kind === 'set') {
    const args = node.args.flatMap((arg) => {
      const expanded = withoutSigns(arg);
      return expanded.kind === 'list' && hasSign(arg) ? expanded.args : [expanded];
    });
    return { ...node, args };
  }
  if (!hasSign(node)) return node;
  return { kind: 'list', args: [withSign(node, 1), withSign(node, -1)] };
}

function hasSign(node: Node): boolean {
  return contains(node, ({ kind }) => kind === 'plusMinus');
}

function withSign(node: Node, sign: 1 | -1): Node {
  if (node.kind !== 'plusMinus') return mapParts(node, (part) => withSign(part, sign));
  const arg = withSign(node.arg, sign);
  return node.sign * sign > 0 ? arg : negative(arg);
}
