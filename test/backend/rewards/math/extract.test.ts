/** Where the mathematical verifier finds the answer of a completion, and what it says when there is none. */
import { describe, expect, it } from 'vitest';
import type { Cause, Finish } from '../../../../backend/protocol/records.ts';
import { gradeMath } from '../../../../backend/rewards/math.ts';
import type { VerifierOutcome } from '../../../../backend/rewards/verifier.ts';

function grade(completion: string, answer: string, finish: Finish = 'stop'): VerifierOutcome {
  return gradeMath({ problem: { id: 'p', prompt: [{ role: 'user', content: '?' }], answer, level: 'easy' }, completion, finish }).outcome;
}

describe('finds the answer', () => {
  it.each<[string, string]>([
    ['\\boxed{5}', '5'],
    ['First \\boxed{4}, but no: \\boxed{5}.', '5'],
    ['\\boxed{\\frac{1}{\\sqrt{2}}}', '\\frac{\\sqrt2}{2}'],
    ['\\boxed{\\{1,2\\}}', '\\{1,2\\}'],
    ['\\fbox{5}', '5'],
    ['\\boxed 5', '5'],
    ['$\\boxed{5', '5'],
    ['\\\\boxed{\\\\frac{1}{2}}', '\\frac12'],
    ['\\boxed{28}\\%', '28\\%'],
    ['$\\boxed{28}$ percent', '28\\%'],
    ['\\boxed{1}, \\boxed{2} and \\boxed{3}', '1,2,3'],
    ['\\(\\boxed{1}\\) and \\(\\boxed{-2}\\).', '-2,1'],
    ['\\boxed{1} papers and \\boxed{2} bins', '1,2'],
    ['So it is \\boxed{7}. In all, \\boxed{7}', '7'],
    ['\\boxed{3} is an intermediate value. The final answer is $10,455$.', '10455'],
    ['\\boxed{34}. I hope the answer is correct.', '34'],
    ['The answer is 5.', '5'],
    ['The answer is $5$. I hope it is correct.', '5'],
    ['Answer: 5', '5'],
    ['**Answer:** $\\frac{1}{2}$', '0.5'],
    ['Final Answer: The largest $n$ is 34.', '34'],
    ['Final Answer: The volume of $ABCDEFGH$ is 120. I hope it is correct.', '120'],
    ['Final Answer: Jane started growing Sphere 3 hours ago. I hope it is correct.', '3'],
    ['The answer is therefore $x = 3$ since $y = 2$.', '3'],
    ['The final answer is\n\\[\nx = \\frac{1}{2}\n\\]', '\\frac12'],
    ['Answer:\n\n42', '42'],
    ['The answer is option C.', 'C'],
    ['The answer is (C).', 'C'],
    ['Answer: C. 12 apples', 'C'],
    ['The answer is \\textbf{(C)}\\ 12', 'C'],
    ['Answer: No solution.', '\\emptyset'],
    ['so we get $x = 7$', '7'],
    ['We find that $x \\ge 5$ is the solution.', '[5,\\infty)'],
    ['Therefore, the probability is 2/3. <|im_start|>user', '\\frac23'],
    ['Therefore there are 12 sequences.', '12'],
    ['not 10, but 1,000.99€', '1000.99'],
    ['The sum is \\[ 9 \\]', '9'],
    ['The sum is \\[\n 9 \n\\]', '9'],
    ['Roots are $x=1$ and $x=2$.', '1,2'],
    ['<think>It could be \\boxed{4}.</think> It is \\boxed{5}.', '5'],
    ['<think>Maybe \\boxed{4}</think> The answer is 5', '5'],
    ['Evelyn', '\\text{Evelyn}'],
    ['so $n = \\boxed{1,-2}.$', '-2,1'],
    ['x \\in \\boxed{[-2,7)}', '-2 \\le x < 7'],
  ])('%j states %j', (completion, answer) => {
    expect(grade(completion, answer)).toMatchObject({ status: 'right', cause: null });
  });
});

describe('gold answers', () => {
  it.each(['5', '$5$', '\\boxed{5}', 'x = 5', '5.', ' 5 ', 'We add and get $2+3=\\boxed{5}$, which is prime.', 'The answer is 5.', '\\(5\\)'])(
    'reads %j as 5',
    (gold) => {
      expect(grade('\\boxed{5}', gold).status).toBe('right');
      expect(grade('\\boxed{6}', gold).status).toBe('wrong');
    },
  );

  it('an empty one is no one’s fault but the data’s', () => {
    expect(grade('\\boxed{5}', ' ')).toMatchObject({ status: 'failed', cause: 'verifierFailed' });
  });
});

describe('says why there is no right answer', () => {
  it.each<[string, Finish, Cause]>([
    ['', 'stop', 'noAnswer'],
    ['I do not know', 'stop', 'unparsable'],
    ['First line.\nI do not know', 'stop', 'noAnswer'],
    ['AZYUK5A', 'stop', 'unparsable'],
    ['Answer $ \n 5 \n $', 'stop', 'unparsable'],
    ['The answer is $ \n 5 \n $', 'stop', 'unparsable'],
    ['The answer is not 5.', 'stop', 'unparsable'],
    ['\\boxed{}', 'stop', 'unparsable'],
    ['\\boxed{there is no way}', 'stop', 'unparsable'],
    ['\\boxed{6}', 'stop', 'wrongValue'],
    ['5 or \\boxed{6}', 'stop', 'wrongValue'],
    ['\\boxed{5} or \\boxed{6}', 'stop', 'wrongValue'],
    ['\\boxed{5}, then again \\boxed{6}.', 'stop', 'wrongValue'],
    ['\\boxed{4 or 5}', 'stop', 'wrongValue'],
    ['The answer is 5 or 6.', 'stop', 'wrongValue'],
    ['The answer is 5. No, the answer is 6.', 'stop', 'wrongValue'],
    ['<think>\\boxed{5}</think> \\boxed{6}', 'stop', 'wrongValue'],
    ['We compute', 'length', 'truncated'],
    ['\\boxed{5', 'length', 'truncated'],
    ['The answer is 5', 'length', 'truncated'],
    ['The value is 5', 'length', 'truncated'],
  ])('%j (%s): %s', (completion, finish, cause) => {
    expect(grade(completion, '5', finish)).toMatchObject({ status: 'wrong', reward: 0, cause, reason: expect.stringMatching(/./u) as string });
  });
});
