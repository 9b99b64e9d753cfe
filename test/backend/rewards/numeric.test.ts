/** The numeric verifier: where an answer is found, how it is read, and that hostile text costs linear time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cause, Finish } from '../../../backend/protocol/records.ts';
import { numeric } from '../../../backend/rewards/numeric.ts';
import { findNumber } from '../../../backend/rewards/rational.ts';
import type { VerifierOutcome } from '../../../backend/rewards/verifier.ts';

function verify(completion: string, answer = '61', finish: Finish = 'stop'): VerifierOutcome {
  return numeric.verify({
    problem: { id: 'p', prompt: [{ role: 'user', content: '?' }], answer, level: 'easy' },
    completion,
    finish,
  }) as VerifierOutcome;
}

describe('finds the final answer', () => {
  it.each([
    'Step 1: 41 + 20 = 61. Answer: 61.',
    'Answer: 61',
    'Answer:61.',
    'The answer is 61.',
    'the final answer is: **61**',
    '**Answer**: $61$',
    'Answer:\n\n61 coins\nThanks.',
    'Thus \\boxed{61}.',
    'Answer: \\boxed{61}',
    '\\boxed{x = 61}',
    '\\boxed{\\text{about } 61}',
    'Answer: 5. No, wait. Answer: 61.',
    '\\boxed{5} is wrong. The answer is 61.',
    'Answer: 41 + 20 = 61.',
    'Answer: 61.0',
    'Answer: +61',
    'Answer: 122/2',
    'Answer: \u202e\u200b61',
    'ANSWER: 61',
  ])('%j', (completion) => {
    expect(verify(completion)).toMatchObject({ status: 'right', reward: 1, cause: null });
  });

  it.each<[string, Finish, Cause]>([
    ['', 'stop', 'noAnswer'],
    ['I have 61 coins.', 'stop', 'noAnswer'],
    ['61', 'stop', 'noAnswer'],
    ['answers: 61', 'stop', 'noAnswer'],
    ['Answer: none.', 'stop', 'unparsable'],
    ['Answer: ', 'stop', 'unparsable'],
    ['\\boxed{}', 'stop', 'unparsable'],
    ['\\boxed{61', 'length', 'truncated'],
    ['Answer: 61 or 62', 'stop', 'unparsable'],
    ['\\boxed{61, 62}', 'stop', 'unparsable'],
    ['Answer: 61 + 1', 'stop', 'unparsable'],
    ['\\boxed{\\sqrt{61}}', 'stop', 'unparsable'],
    [`Answer: ${'well, '.repeat(30)}61`, 'stop', 'unparsable'],
    ['Answer: 61x', 'stop', 'unparsable'],
    ['Answer: 62.', 'stop', 'wrongValue'],
    ['Answer: -61.', 'stop', 'wrongValue'],
    ['Answer: 61. Or rather: Answer: 62.', 'stop', 'wrongValue'],
    ['Answer: 51. Step 4: 41 + 20 = 61.', 'stop', 'wrongValue'],
    ['Step 1: 22 + ', 'length', 'truncated'],
    ['Step 1. Answer:', 'length', 'truncated'],
    ['Answer: 6', 'length', 'truncated'],
    ['Answer: 61', 'length', 'truncated'],
    ['Answer: 62. And so on and', 'length', 'wrongValue'],
  ])('%j (%s) is %s', (completion, finish, cause) => {
    expect(verify(completion, '61', finish)).toMatchObject({ status: 'wrong', reward: 0, cause });
  });

  it('trusts an answer before the cut', () => {
    expect(verify('Answer: 61. Now let me', '61', 'length').status).toBe('right');
  });

  it('fails, and does not call it wrong, when the gold answer is no number', () => {
    expect(verify('Answer: 61.', 'sixty-one')).toMatchObject({ status: 'failed', cause: 'verifierFailed' });
  });
});

describe('reads numbers exactly', () => {
  it.each([
    ['1,234,567', 1234567n, 1n],
    ['1{,}234', 1234n, 1n],
    ['1\u202f234', 1234n, 1n],
    ['−5', -5n, 1n],
    ['0.1', 1n, 10n],
    ['.5', 1n, 2n],
    ['3/4', 3n, 4n],
    ['-3 / -4', 3n, 4n],
    ['\\frac{3}{4}', 3n, 4n],
    ['-\\dfrac{3}{4}', -3n, 4n],
    ['\\frac12', 1n, 2n],
    ['1e-3', 1n, 1000n],
    ['3.2 \\times 10^{5}', 320000n, 1n],
    ['3 × 10^−2', 3n, 100n],
    ['$12.50', 25n, 2n],
    ['12345678901234567890', 12345678901234567890n, 1n],
    ['50%', 50n, 1n],
    ['about -5', -5n, 1n],
    ['(b) -5', -5n, 1n],
  ])('%s', (text, numerator, denominator) => {
    const found = findNumber(text);
    expect(found === null ? null : found.value.numerator * denominator).toBe(found === null ? undefined : numerator * found.value.denominator);
  });

  it.each([
    '',
    'none',
    '1,2345',
    '1,23',
    '1.2.3',
    '3,5',
    '1/0',
    '\\frac{1}{0}',
    '1e99999',
    '2^{10}',
    '10–12',
    '3 1/2',
    '2\\pi',
    '√2',
    '1/2/3',
    'x + 1',
    'x-1',
    '(a+b)*2',
    '\\log 2',
  ])('%j is no single number', (text) => {
    expect(findNumber(text)).toBeNull();
  });

  it('refuses a number of more than 1000 digits', () => {
    expect(findNumber('9'.repeat(1000))).not.toBeNull();
    expect(findNumber('9'.repeat(1001))).toBeNull();
  });

  it('tells apart what floating point does not', () => {
    expect(verify('Answer: 9007199254740993.', '9007199254740992').cause).toBe('wrongValue');
    expect(verify('Answer: 0.30000000000000004.', '0.3').cause).toBe('wrongValue');
    expect(verify('Answer: 0.30.', '3/10').status).toBe('right');
  });

  it('any integer or decimal equals itself in every spelling, and nothing else', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 8 }), (value, zeros) => {
        const magnitude = (value < 0n ? -value : value).toString();
        const grouped = magnitude.replace(/\B(?=(?:\d{3})+$)/gu, ',');
        const text = `${value < 0n ? '−' : ''}${grouped}${zeros === 0 ? '' : `.${'0'.repeat(zeros)}`}`;
        expect(verify(`Answer: ${text}.`, value.toString()).status).toBe('right');
        expect(verify(`Answer: ${text}.`, (value + 1n).toString()).cause).toBe('wrongValue');
      }),
    );
  });
});

const megabyte = 1_000_000;
it.each([
  ['letters', 'a'.repeat(megabyte)],
  ['digits', `Answer: ${'7'.repeat(megabyte)}`],
  ['groups', `Answer: ${'1,234,'.repeat(megabyte / 6)}`],
  ['points', `Answer: ${'1.'.repeat(megabyte / 2)}`],
  ['braces', `\\boxed{${'{'.repeat(megabyte)}`],
  ['boxes', '\\boxed{'.repeat(megabyte / 7)],
  ['answers', 'answer is '.repeat(megabyte / 10)],
  ['blanks', `Answer${' '.repeat(megabyte)}: ${' '.repeat(megabyte)}`],
  ['stars', `Answer: ${'*'.repeat(megabyte)}`],
  ['letters and operators', `Answer: ${'a + '.repeat(megabyte / 4)}1`],
  ['fractions', `Answer: ${'\\frac{1}{'.repeat(megabyte / 9)}`],
  ['signs', `Answer: ${'-'.repeat(megabyte)}1`],
  ['slashes', `Answer: ${'1/'.repeat(megabyte / 2)}`],
  ['NUL', `Answer: ${'\0'.repeat(megabyte)}61`],
  ['bidi marks', `Answer: ${'\u202e'.repeat(megabyte)}62`],
])('a megabyte of %s is graded in linear time', (_, completion) => {
  const outcome = verify(completion);
  expect(outcome.status).toBe('wrong');
  expect(outcome.reason.length + (outcome.extracted?.length ?? 0)).toBeLessThan(400);
});
