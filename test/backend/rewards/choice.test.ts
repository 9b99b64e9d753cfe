/** The choice verifier: which letter a completion names, and what names none or two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cause, Finish, Problem } from '../../../backend/protocol/records.ts';
import { choice } from '../../../backend/rewards/choice.ts';
import { readChoice } from '../../../backend/rewards/choiceText.ts';
import type { VerifierOutcome } from '../../../backend/rewards/verifier.ts';

const capitals = ['London', 'Rome', 'Paris', 'Berlin'];

function verify(completion: string, problem: Partial<Problem> = {}, finish: Finish = 'stop'): VerifierOutcome {
  const whole: Problem = { id: 'p', prompt: [{ role: 'user', content: '?' }], answer: 'C', level: '', choices: capitals, ...problem };
  return choice.verify({ problem: whole, completion, finish }) as VerifierOutcome;
}

describe('the gold letter', () => {
  it.each([
    '(C)',
    'C.',
    'C',
    ' c ',
    'C) Paris',
    'Paris',
    'Let me think.\n\nParis.',
    'Both are cities.\n(C)',
    '\\boxed{C}',
    '\\boxed{\\text{(C)}}',
    'Answer: C',
    '**Answer: C**',
    '**Answer:** (C) Paris',
    'Answer: $\\textbf{(C)}$',
    'Answer: [C]',
    'Answer: {C}',
    'Answer: C. Paris',
    'Answer: C: Paris',
    'Answer: option C',
    'Answer: Paris',
    'Answer: PARIS.',
    'Answer: Paris, which I visited',
    'The answer is C because B is older.',
    'The answer is (C), not (B).',
    'The correct option is C',
    'The right choice is: **C**',
    'The final answer is $\\boxed{\\text{C. Paris}}$',
    'Answer: B. No: Answer: C',
    'Ａｎｓｗｅｒ is hard. Answer: （C）',
    'Answer: \u200bC',
  ])('%j', (completion) => {
    expect(verify(completion)).toMatchObject({ status: 'right', reward: 1, extracted: 'C', cause: null });
  });

  it.each([
    ['Answer: A because of x', 'A'],
    ['Answer: A', 'A'],
    ['Answer: A.', 'A'],
    ['Answer: I', 'I'],
    ['The answer is J.', 'J'],
  ])('%j is %s among ten', (completion, answer) => {
    expect(verify(completion, { answer, choices: Array.from({ length: 10 }, (_, i) => `text ${i}`) }).status).toBe('right');
  });

  it('may stand before its text, also one that begins with a letter by itself', () => {
    const books = { choices: ['Dune', 'Emma', 'A Tale of Two Cities', 'I Robot'] };
    for (const text of ['C. A Tale of Two Cities', '(C) A Tale of Two Cities.']) expect(verify(`Answer: ${text}`, books).status).toBe('right');
    expect(verify('Answer: C. I Robot', books)).toMatchObject({ status: 'wrong', cause: 'unparsable' });
  });

  it.each(['C', '(C)', 'c', 'C.', 'Paris', 'C) Paris'])('may be written %j in the data', (answer) => {
    expect(verify('Answer: C', { answer }).status).toBe('right');
  });

  it('is a letter also where no texts are known, or where texts are letters', () => {
    const { choices: _, ...bare }: Partial<Problem> = {};
    expect(
      choice.verify({ problem: { id: 'p', prompt: [], answer: 'F', level: '', ...bare }, completion: 'Answer: (F)', finish: 'stop' }),
    ).toMatchObject({
      status: 'right',
    });
    expect(verify('Answer: C', { choices: ['C', 'B', 'A'] }).status).toBe('right');
  });
});

describe('no gold letter', () => {
  it.each<[string, Cause]>([
    ['', 'noAnswer'],
    ['I like C', 'noAnswer'],
    ['It is in France, so it must be the third.', 'noAnswer'],
    ['A man goes there.', 'noAnswer'],
    ['Answer: ', 'unparsable'],
    ['Answer: none of them', 'unparsable'],
    ['Answer: not C', 'unparsable'],
    ['Answer: B or C', 'unparsable'],
    ['Answer: (C) and (D)', 'unparsable'],
    ['Answer: C, D', 'unparsable'],
    ['Answer: C/D', 'unparsable'],
    ['Answer: CD', 'unparsable'],
    ['Answer: C. Rome', 'unparsable'],
    ['Answer: E', 'unparsable'],
    ['The answer is A good idea', 'unparsable'],
    ['The answer is a matter of taste', 'unparsable'],
    ["Answer: I don't know, C?", 'unparsable'],
    ['Answer: I think C', 'unparsable'],
    ['Answer: Madrid', 'unparsable'],
    ['Answer: B', 'wrongValue'],
    ['Answer: Rome', 'wrongValue'],
    ['Answer: C. Or rather: Answer: D', 'wrongValue'],
    ['\\boxed{C} is wrong. The answer is (A).', 'wrongValue'],
  ])('%j is %s', (completion, cause) => {
    expect(verify(completion)).toMatchObject({ status: 'wrong', reward: 0, cause });
  });

  it.each([
    ['Answer: C', 'truncated'],
    ['Answer:', 'truncated'],
    ['Let me think about', 'truncated'],
    ['\\boxed{C', 'truncated'],
  ])('%j, cut off there, is %s', (completion, cause) => {
    expect(verify(completion, {}, 'length')).toMatchObject({ status: 'wrong', cause });
  });

  it('trusts a letter that was closed before the cut', () => {
    expect(verify('Answer: (C)', {}, 'length').status).toBe('right');
    expect(verify('Answer: C\nThis is because', {}, 'length').status).toBe('right');
  });

  it('is looked for in no time in a last line that goes on and on', () => {
    const start = performance.now();
    expect(verify(`${'. '.repeat(100_000)}x`)).toMatchObject({ status: 'wrong', cause: 'noAnswer' });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('is none where two choices have the same text', () => {
    expect(verify('Answer: Rome', { answer: 'A', choices: ['Rome', 'rome.', 'Oslo'] })).toMatchObject({ status: 'wrong', cause: 'unparsable' });
  });
});

it.each(['Madrid', 'E', '', 'A or B'])('fails, and does not call it wrong, when the gold answer is %j', (answer) => {
  expect(verify('Answer: A', { answer })).toMatchObject({ status: 'failed', cause: 'verifierFailed' });
});

it('reads a choice of any texts by its letter and by its text, and never as another one', () => {
  const texts = fc.uniqueArray(fc.string({ minLength: 3, maxLength: 30, unit: fc.constantFrom(...'abcdefgxyz 0123') }), {
    minLength: 2,
    maxLength: 10,
    selector: (text) => text.trim().replace(/\s+/g, ' '),
  });
  fc.assert(
    fc.property(texts, fc.nat(), (given, n) => {
      const choices = given.map((text, i) => `q${text.trim()}${i}`);
      const at = n % choices.length;
      const letter = 'ABCDEFGHIJ'[at] as string;
      for (const text of [letter, `(${letter})`, `${letter}.`, `${letter}. ${choices[at] ?? ''}`, choices[at] ?? '']) {
        expect(readChoice(text, choices)).toEqual({ letter });
      }
    }),
  );
});

it.each(['(', '\\text{', '*', 'Answer: ', 'C or ', '\\boxed{', ' ', 'option '])('a million characters of %j cost linear time', (piece) => {
  const start = performance.now();
  verify(piece.repeat(1_000_000 / piece.length));
  expect(performance.now() - start).toBeLessThan(2000);
});
