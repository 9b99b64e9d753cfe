/** The format verifier, and tags that cut a completion to what other verifiers read. */
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../backend/protocol/records.ts';
import { verifierOptionsSchema, type VerifierOptionsInput } from '../../../backend/protocol/verifierConfig.ts';
import { choice } from '../../../backend/rewards/choice.ts';
import { exact } from '../../../backend/rewards/exact.ts';
import { format } from '../../../backend/rewards/format.ts';
import { gradeAll } from '../../../backend/rewards/grade.ts';
import { numeric } from '../../../backend/rewards/numeric.ts';
import type { Verifier, VerifierOutcome } from '../../../backend/rewards/verifier.ts';

const problem: Problem = { id: 'p', prompt: [{ role: 'user', content: '?' }], answer: '61', level: 'easy' };

function verify(completion: string, options: VerifierOptionsInput = {}, finish: 'stop' | 'length' = 'stop'): VerifierOutcome {
  return format.verify({ problem, completion, finish, options: verifierOptionsSchema.parse(options) }) as VerifierOutcome;
}

describe('a form', () => {
  it.each<[string, VerifierOptionsInput]>([
    ['<think>so\nso</think>\n<answer>61</answer>', {}],
    [' <think></think><answer></answer>\n', {}],
    ['<think>1 < 2 </b></think><answer>x</answer>', {}],
    ['<plan>p</plan><code>c</code><answer>a</answer>', { tags: ['plan', 'code', 'answer'] }],
    ['So it is.\nAnswer: 61', { pattern: '.*\\nAnswer: \\d+' }],
    ['<a>61</a>', { tags: ['a'], pattern: '<a>\\d+</a>' }],
    ['b', { pattern: 'a|b' }],
  ])('is that of %j with %j', (completion, options) => {
    expect(verify(completion, options)).toMatchObject({ status: 'right', reward: 1, cause: null });
  });

  it.each<[string, VerifierOptionsInput, RegExp]>([
    ['', {}, /<think> is missing/u],
    ['61', {}, /<think> is missing/u],
    ['<think>x<answer>61</answer>', {}, /<\/think> is missing/u],
    ['<think>x</think>', {}, /<answer> is missing/u],
    ['<answer>61</answer><think>x</think>', {}, /text before <think>/u],
    ['Well, <think>x</think><answer>61</answer>', {}, /text before <think>/u],
    ['<think>x</think> so <answer>61</answer>', {}, /text before <answer>/u],
    ['<think>x</think><answer>61</answer> and more', {}, /text behind <\/answer>/u],
    ['<think>x</think><answer>60<answer>61</answer>', {}, /<answer> is there more than once/u],
    ['<think><think>x</think><answer>61</answer>', {}, /<think> is there more than once/u],
    ['a ', { pattern: 'a|b' }, /pattern/u],
    ['xa', { pattern: 'a|b' }, /pattern/u],
  ])('is not that of %j with %j', (completion, options, reason) => {
    expect(verify(completion, options)).toMatchObject({
      status: 'wrong',
      reward: 0,
      cause: 'unparsable',
      reason: expect.stringMatching(reason) as string,
    });
  });

  it('may have been cut off', () => {
    expect(verify('<think>x', {}, 'length')).toMatchObject({ status: 'wrong', cause: 'truncated' });
  });

  it('is asked for in words that the run file checks', () => {
    expect(() => verifierOptionsSchema.parse({ pattern: '(' })).toThrow(/no regular expression/u);
    expect(() => verifierOptionsSchema.parse({ tags: ['<a>'] })).toThrow(/a tag is a name/u);
    expect(() => verifierOptionsSchema.parse({ tags: [] })).toThrow();
  });
});

describe('with tags, other verifiers read the last one', () => {
  const options = verifierOptionsSchema.parse({ tags: ['think', 'answer'] });
  const statusOf = async (verifier: Verifier, completion: string, of: Problem = problem, finish: 'stop' | 'length' = 'stop') => {
    const [verdict] = await gradeAll(verifier, [{ rolloutId: 'r', problem: of, completion, finish }], { deadlineMs: 1000, options });
    return [verdict?.status, verdict?.cause];
  };
  const ofChoice: Problem = { ...problem, answer: 'B', choices: ['red', 'blue'] };

  it.each<[string, Verifier, Problem]>([
    ['61', numeric, problem],
    [' \n61\n', numeric, problem],
    ['It is easy. The answer is 61', numeric, problem],
    ['\\boxed{61}', numeric, problem],
    ['61', exact, problem],
    ['(B)', choice, ofChoice],
    ['blue', choice, ofChoice],
  ])('%j is right', async (text, verifier, of) => {
    const completion = `<think>Answer: 5</think><answer>${text}</answer>`;
    expect(await statusOf(verifier, completion, of)).toEqual(['right', null]);
    // What is closed was not cut.
    expect(await statusOf(verifier, completion, of, 'length')).toEqual(['right', null]);
  });

  it('an answer elsewhere is none', async () => {
    expect(await statusOf(numeric, 'Answer: 61')).toEqual(['wrong', 'noAnswer']);
    expect(await statusOf(numeric, '<think>Answer: 61</think><answer>5</answer>')).toEqual(['wrong', 'wrongValue']);
    expect(await statusOf(numeric, '<think>Answer: 61', problem, 'length')).toEqual(['wrong', 'truncated']);
  });

  it('mixed batches keep their order', async () => {
    const completions = ['Answer: 61', '<think></think><answer>61</answer>', 'no', '<think></think><answer>5</answer>'];
    const items = completions.map((completion, i) => ({ rolloutId: `r${i}`, problem, completion, finish: 'stop' as const }));
    const verdicts = await gradeAll(numeric, items, { deadlineMs: 1000, options });
    expect(verdicts.map(({ rolloutId, status }) => [rolloutId, status])).toEqual([
      ['r0', 'wrong'],
      ['r1', 'right'],
      ['r2', 'wrong'],
      ['r3', 'wrong'],
    ]);
  });
});

it('a million tags cost linear time', () => {
  const start = performance.now();
  verify('<think>'.repeat(150_000));
  verify(`<think>${'</think><answer>'.repeat(60_000)}`);
  expect(performance.now() - start).toBeLessThan(2000);
});
