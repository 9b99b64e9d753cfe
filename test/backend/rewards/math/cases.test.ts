/** The mathematical verifier on its own gold cases, and the ways of stating an answer. */
import { describe, expect, it } from 'vitest';
import type { Finish } from '../../../../backend/protocol/records.ts';
import { gradeMath } from '../../../../backend/rewards/math.ts';
import type { VerifierOutcome } from '../../../../backend/rewards/verifier.ts';
import { kinds } from './cases.ts';

function grade(completion: string, answer: string, finish: Finish = 'stop'): VerifierOutcome {
  return gradeMath({ problem: { id: 'p', prompt: [{ role: 'user', content: '?' }], answer, level: 'easy' }, completion, finish }).outcome;
}

describe.each(kinds)('$kind', ({ right, wrong }) => {
  it.each(right.map((pair) => [...pair]))('%j is %j', (gold, answer) => {
    expect(grade(`So \\boxed{${answer}}.`, gold)).toMatchObject({ status: 'right', reward: 1, cause: null });
    expect(grade(`The answer is $${answer}$.`, gold)).toMatchObject({ status: 'right' });
    expect(grade(`Answer: ${gold}`, gold)).toMatchObject({ status: 'right' });
  });

  it.each(wrong.map((pair) => [...pair]))('%j is not %j', (gold, answer) => {
    const outcome = grade(`So \\boxed{${answer}}.`, gold);
    expect(outcome).toMatchObject({ status: 'wrong', reward: 0 });
    expect(outcome.reason).not.toBe('');
    expect(grade(`The answer is $${answer}$.`, gold)).toMatchObject({ status: 'wrong' });
  });
});
