/** Every op's rule, complete by type: an op that lacks a shape or gradient rule does not compile. */
import type { OpName } from './ops.ts';
import { elementwise } from './ops/elementwise.ts';
import { indexing } from './ops/indexing.ts';
import { linear } from './ops/linear.ts';
import { normalization } from './ops/normalization.ts';
import { reduction } from './ops/reduction.ts';
import { shaping } from './ops/shaping.ts';
import type { OpRule, Rules } from './rule.ts';

const table: Rules<OpName> = { ...elementwise, ...reduction, ...shaping, ...indexing, ...linear, ...normalization };

export function ruleOf<K extends OpName>(op: K): OpRule<K> {
  return table[op];
}
