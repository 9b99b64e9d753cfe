/** What a stream may say before the end, whatever stop texts there are: never more than the whole answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerStream, chatForm, type AnswerHead } from '../../../backend/server/openaiAnswers.ts';
import { completeAll, type ChoiceToken } from '../../../backend/server/openaiSampling.ts';
import { problems, scriptedRun } from '../../support/scriptedRun.ts';

const sampling = { n: 1, maxTokens: 40, temperature: 1, topP: 1, seed: 5, stop: [] as string[] };

describe('a stream', () => {
  it('gives the beginning of the answer, token by token, and all of it with the end', async () => {
    const words = ['Step 1: 10 + 5 = 15.', 'Answer: 15.', 'Step 2: 15', '½ of é, 漢'];
    const { run } = await scriptedRun({ problems: problems(1), script: ({ seed }) => `${words[seed % 4] ?? ''} ${words[(seed >> 2) % 4] ?? ''}` });
    const [problem] = run.trainProblems;
    if (problem === undefined) throw new Error('there is no problem');
    const stops = fc.array(fc.constantFrom('1', '15', '. ', 'Answer', '15. Step', 'zzz', ' + 5', '½'), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(stops, fc.integer({ min: 0, max: 2 ** 32 - 1 }), async (stop, seed) => {
        const live: ChoiceToken[][] = [[], []];
        const prompts = [run.promptOf(problem), run.promptOf(problem)];
        const { choices } = await completeAll(run, prompts, { ...sampling, stop, seed }, (index, token) => live[index]?.push(token));
        for (const { index, tokens, text } of choices) {
          expect(tokens.slice(0, live[index]?.length)).toEqual(live[index]);
          expect(tokens.map((token) => token.text).join('')).toBe(text);
          expect(stop.some((one) => text.includes(one))).toBe(false);
        }
        if (stop.length === 0) expect(live[0]?.length).toBeGreaterThan(2);
      }),
      { numRuns: 60 },
    );
  });

  it('of an attempt made again goes on where it was', () => {
    const head: AnswerHead = { id: 'x', created: 0, model: 'm' };
    const chunks: { choices: { delta: { content?: string } }[] }[] = [];
    const stream = new AnswerStream(chatForm, head, { withLogprobs: false, withUsage: false }, (chunk) =>
      chunks.push(chunk as (typeof chunks)[number]),
    );
    const tokens = ['a', 'b', 'c', 'd'].map((text) => ({ text, logprob: -1 }));
    const first = stream.listener();
    tokens.slice(0, 2).forEach((token) => first(0, token));
    const second = stream.listener();
    tokens.slice(0, 3).forEach((token) => second(0, token));
    stream.end({ choices: [{ index: 0, text: 'abcd', tokens, finish: 'stop' }], promptTokens: 1, completionTokens: 4 });
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', 'a', 'b', 'c', 'd', undefined]);
  });
});
