/** What a critique concludes, however models write it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conclusionOf, critiqueText } from '../../../backend/critics/conclusion.ts';

describe('the conclusion', () => {
  it.each<[string, 'right' | 'wrong' | null]>([
    ['Step 2 is off.\nConclusion: wrong [END]', 'wrong'],
    ['Conclusion: right', 'right'],
    ['**Conclusion:** wrong', 'wrong'],
    ['**Conclusion**: **Right** [END]', 'right'],
    ['### Conclusion: `wrong`', 'wrong'],
    ['Conclusion: \\boxed{wrong}', 'wrong'],
    ['Conclusion: $\\boxed{\\text{right}}$', 'right'],
    ['Verdict: correct.', 'right'],
    ['Verdict: incorrect.', 'wrong'],
    ['"Verdict: wrong".', 'wrong'],
    ['CONCLUSION : WRONG', 'wrong'],
    ['Conclusion: The answer is wrong.', 'wrong'],
    ["Conclusion: the student's final answer is right", 'right'],
    ['Conclusion: right at first sight.\n\nConclusion: wrong', 'wrong'],
    ['Conclusion: not right', null],
    ['Conclusion: bright', null],
    ['Conclusion: righteous', null],
    ['The conclusion is right there', null],
    ['It is wrong.', null],
    ['', null],
  ])('of %j is %s', (text, expected) => expect(conclusionOf(text)).toBe(expected));

  it('is looked for in any text without end', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => [null, 'right', 'wrong'].includes(conclusionOf(text))));
    const long = `Conclusion: ${'** the answer is '.repeat(20_000)}`;
    const started = performance.now();
    expect(conclusionOf(long)).toBeNull();
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('the text', () => {
  it.each([
    ['Step 1 is wrong. Conclusion: wrong [END] Thank you!', 'Step 1 is wrong. Conclusion: wrong'],
    ['<think>It says 7.</think>\n\nStep 1 is wrong.', 'Step 1 is wrong.'],
    ['<think>It says', ''],
    ['  ', ''],
    ['Nothing to cut', 'Nothing to cut'],
  ])('of %j is %j', (reply, text) => expect(critiqueText(reply)).toBe(text));
});
