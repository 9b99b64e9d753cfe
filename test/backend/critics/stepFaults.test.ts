/** Step faults: each kind is found, said in its canonical sentence, and never invented. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyzeSteps, applyOperation, describeFault } from '../../../backend/critics/stepFaults.ts';
import type { Operator, Solution } from '../../../backend/protocol/records.ts';

/** "Leo has 22 marbles. He gets a dozen. He gets 7. He finds a score. How many?" */
const solution: Solution = {
  start: 22,
  steps: [
    { operator: '+', operand: 12, phrase: 'gets a dozen' },
    { operator: '+', operand: 7, phrase: 'gets 7' },
    { operator: '+', operand: 20, phrase: 'finds a score' },
  ],
};
const sentences = (completion: string, reference = solution): string[] => analyzeSteps(reference, completion).map(describeFault);

describe('an answer', () => {
  it.each<[string, string, string[]]>([
    ['sound', 'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Step 3: 41 + 20 = 61. Answer: 61.', []],
    [
      'with a wrong operand',
      'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Step 3: 41 + 10 = 51. Answer: 51.',
      ['Step 3 is wrong: it should be + 20, not + 10.'],
    ],
    [
      'with a wrong operator',
      'Step 1: 22 x 12 = 264. Step 2: 264 + 7 = 271. Step 3: 271 + 20 = 291. Answer: 291.',
      ['Step 1 is wrong: it should be + 12, not x 12.'],
    ],
    ['with a wrong sum', 'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 42. Step 3: 42 + 20 = 62. Answer: 62.', ['Step 2 is wrong: 34 + 7 = 41, not 42.']],
    [
      'from a wrong value',
      'Step 1: 22 + 12 = 34. Step 2: 33 + 7 = 40. Step 3: 40 + 20 = 60. Answer: 60.',
      ['Step 2 is wrong: it should be from 34, not 33.'],
    ],
    ['with a missing step', 'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Answer: 41.', ['Step 3 is missing: use + 20.']],
    [
      'with one step too many',
      'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Step 3: 41 + 20 = 61. Step 4: 61 x 2 = 122. Answer: 61.',
      ['Step 4 is not needed.'],
    ],
    [
      'that is not the last value',
      'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Step 3: 41 + 20 = 61. Answer: 51.',
      ['The answer should be 61, not 51.'],
    ],
    ['without an answer', 'Step 1: 22 + 12 = 34. Step 2: 34 + 7 = 41. Step 3: 41 + 20 = 61.', ['The answer is missing.']],
    ['without steps', 'Answer: 61.', ['Step 1 is missing: use + 12.', 'Step 2 is missing: use + 7.', 'Step 3 is missing: use + 20.']],
    [
      'with several faults',
      'Step 1: 22 + 10 = 32. Step 2: 32 + 7 = 38. Step 3: 39 + 20 = 59. Answer: 60.',
      ['Step 1 is wrong: it should be + 12, not + 10.', 'Step 2 is wrong: 32 + 7 = 39, not 38.', 'Step 3 is wrong: it should be from 38, not 39.'],
    ],
  ])('%s', (_, completion, expected) => {
    expect(sentences(completion)).toEqual(expected);
  });

  it('carries the words of the problem with a wrong operation', () => {
    const [fault] = analyzeSteps(solution, 'Step 1: 22 + 10 = 32.');
    expect(fault).toEqual({
      kind: 'operation',
      step: 1,
      expected: { operator: '+', operand: 12 },
      found: { operator: '+', operand: 10 },
      phrase: 'gets a dozen',
    });
  });

  it('does not name a false answer behind a false step', () => {
    expect(sentences('Step 1: 22 + 12 = 35. Step 2: 35 + 7 = 42. Step 3: 42 + 20 = 62. Answer: 5.')).toEqual([
      'Step 1 is wrong: 22 + 12 = 34, not 35.',
    ]);
  });
});

describe('steps are read', () => {
  it.each([
    'step 1:22+12=34 Step 2 : 34 + 7=41,  Step 3: 41+20 = 61\nanswer is 61',
    'Step 1) 22 + 12 = 34; Step 2. 34 + 7 = 41 Step 3: 41 + 20 = 61.0 Answer:61',
    'STEP 1: 22 + 12 = 34. STEP 2: 34 + 7 = 41. STEP 3: 41 + 20 = 61. ANSWER: 61',
  ])('in the spelling %j', (completion) => {
    expect(sentences(completion)).toEqual([]);
  });

  it.each(['×', '*', 'x', 'X'])('with %s for times', (sign) => {
    expect(sentences(`Step 1: 3 ${sign} 2 = 6. Answer: 6.`, { start: 3, steps: [{ operator: 'x', operand: 2, phrase: 'doubles them' }] })).toEqual(
      [],
    );
  });

  it.each([
    ['/', '-'],
    ['÷', '−'],
    ['/', '–'],
  ])('with %s for division and %s for minus', (division, minus) => {
    const reference: Solution = {
      start: 8,
      steps: [
        { operator: '/', operand: 2, phrase: 'halves them' },
        { operator: '-', operand: 5, phrase: 'loses 5' },
      ],
    };
    expect(sentences(`Step 1: 8 ${division} 2 = 4. Step 2: 4 ${minus} 5 = ${minus === '–' ? '-' : minus}1. Answer: -1.`, reference)).toEqual([]);
  });
});

it('divides whole numbers to whole numbers, and takes the exact quotient too', () => {
  expect(applyOperation(7, { operator: '/', operand: 2 })).toBe(3);
  const reference: Solution = { start: 7, steps: [{ operator: '/', operand: 2, phrase: 'halves them' }] };
  expect(sentences('Step 1: 7 / 2 = 3. Answer: 3.', reference)).toEqual([]);
  expect(sentences('Step 1: 7 / 2 = 3.5. Answer: 3.5.', reference)).toEqual([]);
  expect(sentences('Step 1: 7 / 2 = 4. Answer: 4.', reference)).toEqual(['Step 1 is wrong: 7 / 2 = 3, not 4.']);
});

it('one slip anywhere in a sound chain is exactly one fault', () => {
  const step = fc.record({ operator: fc.constantFrom<Operator>('+', '-', 'x'), operand: fc.integer({ min: 2, max: 9 }), phrase: fc.constant('') });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 99 }),
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.nat(3),
      fc.constantFrom('operand', 'result', 'answer', 'none'),
      (start, steps, place, slip) => {
        let value = start;
        const written = steps.map(({ operator, operand }, i) => {
          const isHere = i === place % steps.length;
          const used = isHere && slip === 'operand' ? operand + 1 : operand;
          const left = value;
          value = applyOperation(left, { operator, operand: used }) + (isHere && slip === 'result' ? 1 : 0);
          return `Step ${i + 1}: ${left} ${operator} ${used} = ${value}.`;
        });
        const completion = `${written.join(' ')} Answer: ${slip === 'answer' ? value + 1 : value}.`;
        const kinds = { operand: ['operation'], result: ['arithmetic'], answer: ['answer'], none: [] }[slip];
        expect(analyzeSteps({ start, steps }, completion).map(({ kind }) => kind)).toEqual(kinds);
      },
    ),
  );
});

const megabyte = 1_000_000;
it.each([
  ['digits', `Step 1: ${'1'.repeat(megabyte)}`],
  ['blanks', `Step${' '.repeat(megabyte)}1: 2 + 3 = 5`],
  ['steps', 'Step 1: 2 + '.repeat(megabyte / 12)],
  ['words', 'step '.repeat(megabyte / 5)],
  ['answers', 'answer '.repeat(megabyte / 7)],
  ['signs', `Step 1: ${'-'.repeat(megabyte)}`],
  ['NUL', '\0'.repeat(megabyte)],
  ['letters', 'a'.repeat(megabyte)],
])('a megabyte of %s has no step and no answer', (_, completion) => {
  expect(analyzeSteps(solution, completion).map(({ kind }) => kind)).toEqual(['missing', 'missing', 'missing', 'noAnswer']);
});

it('numbers beyond 15 digits are no steps', () => {
  expect(sentences('Step 1: 22 + 1234567890123456 = 1234567890123478.')[0]).toBe('Step 1 is missing: use + 12.');
});
