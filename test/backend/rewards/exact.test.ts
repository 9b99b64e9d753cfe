/** The exact verifier: equal texts up to case, blanks, dressing and a final stop. */
import { expect, it } from 'vitest';
import type { Finish } from '../../../backend/protocol/records.ts';
import { exact } from '../../../backend/rewards/exact.ts';
import type { VerifierOutcome } from '../../../backend/rewards/verifier.ts';

function verify(completion: string, answer: string, finish: Finish = 'stop'): VerifierOutcome {
  return exact.verify({
    problem: { id: 'p', prompt: [{ role: 'user', content: '?' }], answer, level: 'easy' },
    completion,
    finish,
  }) as VerifierOutcome;
}

it.each([
  ['Paris', 'Paris'],
  [' paris.\n', 'Paris'],
  ['It is far. Answer: **New   York**.', 'new york'],
  ['\\boxed{B}', 'b'],
  ['Ｐａｒｉｓ', 'Paris'],
])('%j is %j', (completion, answer) => {
  expect(verify(completion, answer)).toMatchObject({ status: 'right', reward: 1 });
});

it.each<[string, string, Finish, string]>([
  ['', 'a', 'stop', 'noAnswer'],
  ['Answer: b', 'a', 'stop', 'wrongValue'],
  ['Let me', 'a', 'length', 'truncated'],
  ['x'.repeat(1_000_000), 'a', 'stop', 'wrongValue'],
  ['*'.repeat(1_000_000), 'a', 'stop', 'wrongValue'],
  [' '.repeat(1_000_000), 'a', 'stop', 'noAnswer'],
])('%.20j is not %j (%s): %s', (completion, answer, finish, cause) => {
  expect(verify(completion, answer, finish)).toMatchObject({ status: 'wrong', reward: 0, cause });
});
