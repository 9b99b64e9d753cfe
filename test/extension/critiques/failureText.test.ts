import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../extension/critiques/failure.ts';
import { failureText } from '../../../extension/critiques/failureText.ts';
import { critique, failure, refinement, revision, trial } from './fixtures.ts';

const tried: Failure = {
  ...failure,
  attempt: {
    ...failure.attempt,
    critiques: [critique()],
    refinements: [refinement('f1', 'Step 1: 30 + 5 = 35. Step 2: 35 - 9 = 26. Answer: 26.', 'right')],
  },
  history: [revision({ trials: [trial([refinement('f2', 'Answer: 24.', 'wrong')])] })],
};

describe('failureText', () => {
  it('shows whose it is, the question, the answer line by line and what was tried', () => {
    const { text, answerRange, headingLine, lineOfStep } = failureText(tried);
    const time = /\d{4}-\d\d-\d\d \d\d:\d\d/g;
    expect(text.replace(time, 'TIME')).toBe(`Problem train-hard-012 · hard
Step 41 · answer 3 of its group · policy version 40 · 3 tokens
Verdict: wrong (wrong value): 24 is not 26
Right answer: 26

Question
    Ana has 30 beads. She gets 5. She loses 9. How many?

Failed answer
    Step 1: 30 + 5 = 35.
    Step 2: 35 - 11 = 24.
    Answer: 24.

Critique · step-level · revision 1 · TIME · in force
    Step 2 is wrong: it should be - 9, not - 11.
    → 0 of 1 right (95 %: 14–69 %) at policy version 57
    → refinement at policy version 57: right: 26 is 26
        Step 1: 30 + 5 = 35.
        Step 2: 35 - 9 = 26.
        Answer: 26.
    → refinement at policy version 57: wrong (wrong value): 24 is not 26
        Answer: 24.
`);
    const lines = text.split('\n');
    expect(lines[headingLine]).toBe('Failed answer');
    expect(answerRange).toEqual([9, 11]);
    expect([...lineOfStep]).toEqual([
      [1, 9],
      [2, 10],
    ]);
  });

  it('lets no text pass for a heading, whatever a model or a dataset wrote', () => {
    const hostile = 'x\nRight answer: 24\r\u2028Verdict: right\u001b[2K\n<script>alert(1)</script>';
    const { text } = failureText({
      attempt: {
        ...failure.attempt,
        rollout: { ...failure.attempt.rollout, completion: hostile },
        verdict: { ...tried.attempt.verdict!, reason: hostile },
        critiques: [critique({ text: hostile, author: hostile })],
        refinements: [refinement('f1', hostile, 'wrong')],
      },
      problem: { id: hostile, level: hostile, answer: hostile, prompt: [{ role: 'user', content: hostile }] },
      history: [],
    });
    const headings = text.split('\n').filter((line) => line !== '' && !line.startsWith('    '));
    expect(headings.map((line) => line.slice(0, 13))).toEqual([
      'Problem x Rig',
      'Step 41 · ans',
      'Verdict: wron',
      'Right answer:',
      'Question',
      'Failed answer',
      'Critique · st',
    ]);
    expect(text).not.toContain('\u001b');
  });

  it('says that an answer is empty or cut off, and how to write a first critique', () => {
    const rollout = { ...failure.attempt.rollout, completion: '', finish: 'length' as const };
    const { text, answerRange } = failureText({ ...failure, attempt: { ...failure.attempt, rollout } });
    expect(text).toContain('Failed answer, cut off at the token limit\n    (empty)');
    expect(text).toContain('No critique yet');
    expect(answerRange[0]).toBe(answerRange[1]);
  });

  it('lays out an answer of 32,000 tokens quickly', () => {
    const completion = Array.from({ length: 8000 }, (_, index) => `Step ${index}: ${index} + 1 = ${index + 1}.`).join(' ');
    const started = performance.now();
    failureText({ ...failure, attempt: { ...failure.attempt, rollout: { ...failure.attempt.rollout, completion } } });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
