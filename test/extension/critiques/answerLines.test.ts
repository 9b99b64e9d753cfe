import { describe, expect, it } from 'vitest';
import { analyzeSteps, describeFault } from '../../../backend/critics/stepFaults.ts';
import { answerLines, lineOfCritique, stepNumber } from '../../../extension/critiques/answerLines.ts';

const answer = answerLines('Step 1: 30 + 5 = 35. Step 2: 35 - 11 = 24. Step 3: 24 x 2 = 49. Answer: 49.');

describe('answerLines', () => {
  it('gives every step and the answer a line', () => {
    expect(answer).toEqual(['Step 1: 30 + 5 = 35.', 'Step 2: 35 - 11 = 24.', 'Step 3: 24 x 2 = 49.', 'Answer: 49.']);
  });

  it('keeps the lines of an answer that has them', () => {
    expect(answerLines('First we add.\n\nstep 1) 3 + 4 = 7\nFinal answer: 7')).toEqual(['First we add.', '', 'step 1) 3 + 4 = 7', 'Final answer: 7']);
  });

  it('does not break where a step is only spoken of', () => {
    expect(answerLines('As in step 1 we add. The answer is 7.')).toEqual(['As in step 1 we add. The answer is 7.']);
  });
});

describe('stepNumber', () => {
  it.each([
    ['Step 2: 1 + 1 = 2', 2],
    ['  step 10) x', 10],
    ['3. Then', 3],
    ['- **4**: so', 4],
    ['3.5 apples', null],
    ['Answer: 3', null],
  ])('of %j is %j', (line, number) => {
    expect(stepNumber(line)).toBe(number);
  });
});

describe('lineOfCritique', () => {
  it.each([
    ['Step 2 is wrong: it should be - 9, not - 11.', 1],
    ['Step 3 is wrong: 24 x 2 = 48, not 49.', 2],
    ['Step 4 is missing: use + 3.', 2],
    ['Step 1 is not needed.', 0],
    ['The answer should be 48, not 49.', 3],
    ['The answer is missing.', 3],
    ['The second step subtracts too much.', 1],
    ['You wrote "24 x 2 = 49", which is 48.', 2],
    ['It should be - 9, not - 11.', 1],
    ['This is wrong.', 0],
    ['', 0],
  ])('of %j is %i', (text, line) => {
    expect(lineOfCritique(text, answer)).toBe(line);
  });

  it('follows every sentence of the step-level critic to the step that it names', () => {
    const solution = {
      start: 30,
      steps: [
        { operator: '+' as const, operand: 5, phrase: 'gets 5' },
        { operator: '-' as const, operand: 9, phrase: 'loses 9' },
        { operator: 'x' as const, operand: 2, phrase: 'doubles them' },
        { operator: '+' as const, operand: 1, phrase: 'finds 1' },
      ],
    };
    const faults = analyzeSteps(solution, 'Step 1: 30 + 5 = 35. Step 2: 35 - 11 = 24. Step 3: 24 x 2 = 49. Answer: 49.');
    expect(faults.length).toBeGreaterThan(1);
    for (const fault of faults) {
      const line = lineOfCritique(describeFault(fault), answer);
      expect(line).toBe('step' in fault ? Math.min(fault.step - 1, 2) : 3);
    }
  });

  it('does not take a part of a number for the number', () => {
    expect(lineOfCritique('It is not 4.', ['a = 24', 'b = 4.5', 'c = 4.'])).toBe(2);
  });
});
