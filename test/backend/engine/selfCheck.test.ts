/** The start-up check passes on this runtime, and would not if a gradient were wrong. */
import { expect, it } from 'vitest';
import { selfCheck } from '../../../backend/engine/local/selfCheck.ts';
import { ruleOf } from '../../../backend/graph/rules.ts';
import type { GradientContext, OpRule } from '../../../backend/graph/rule.ts';

it('agrees with central differences', async () => {
  const { ok, maxRelativeError, seconds } = await selfCheck({ threads: 2 });
  expect(ok).toBe(true);
  expect(maxRelativeError).toBeLessThan(1e-4);
  expect(seconds).toBeLessThan(20);
});

it.each(['rmsNorm', 'rope', 'attention', 'swiglu', 'logSoftmax', 'gatherRows'] as const)('notices a wrong gradient of %s', async (op) => {
  const rule = ruleOf(op) as { -readonly [K in keyof OpRule<'swiglu'>]: OpRule<'swiglu'>[K] };
  const right = rule.gradient;
  if (right === 'none') throw new Error(`${op} has no gradient`);
  // One part in a hundred.
  rule.gradient = (context: GradientContext<'swiglu'>) => right(context).map((gradient) => gradient && context.g.mul(gradient, 1.01));
  try {
    expect(await selfCheck({ threads: 1 })).toMatchObject({ ok: false });
  } finally {
    rule.gradient = right;
  }
});
