/** Critics: what each says, and what becomes of one that fails. */
import { describe, expect, it } from 'vitest';
import type { Critic, CriticInput, CriticTools } from '../../../backend/critics/critic.ts';
import { critics } from '../../../backend/critics/index.ts';
import { nothing } from '../../../backend/critics/outsideModel.ts';
import { resample } from '../../../backend/critics/resample.ts';
import { runCritic, type WrittenCritiques } from '../../../backend/critics/runCritic.ts';
import { self } from '../../../backend/critics/self.ts';
import { stepLevel } from '../../../backend/critics/stepLevel.ts';
import { verdict } from '../../../backend/critics/verdict.ts';
import { verdictAnswer } from '../../../backend/critics/verdictAnswer.ts';
import { criticOptionsSchema } from '../../../backend/protocol/criticConfig.ts';
import type { Problem, Verdict } from '../../../backend/protocol/records.ts';

const problem: Problem = {
  id: 'p',
  prompt: [{ role: 'user', content: 'Leo has 22 marbles. He gets a dozen. How many?' }],
  answer: '34',
  level: 'hard',
  solution: { start: 22, steps: [{ operator: '+', operand: 12, phrase: 'gets a dozen' }] },
};

function input(completion: string, status: Verdict['status'], overrides: Partial<Problem> = {}): CriticInput {
  return {
    problem: { ...problem, ...overrides },
    rollout: {
      ...{
        id: 'r',
        runId: 'run',
        step: 0,
        problemId: 'p',
        index: 0,
        policyVersion: 0,
        seed: 0,
        promptTokens: [1],
        tokens: [2],
        behaviorLogprobs: [-1],
      },
      ...{ completion, finish: 'stop' },
    },
    verdict: { rolloutId: 'r', verifier: 'numeric', status, reward: status === 'right' ? 1 : 0, extracted: null, reason: '', cause: null },
  };
}

const noTools: CriticTools = {
  generate: () => Promise.reject(new Error('no generation')),
  seeds: [0],
  options: criticOptionsSchema.parse({}),
  template: null,
};
const saying = (...texts: string[]) => texts.map((text) => ({ ...nothing, text }));
const misread = 'Step 1: 22 + 10 = 32. Answer: 32.';
const sound = 'Step 1: 22 + 12 = 34. Answer: 34.';

it('the registry lists them by file name', () => {
  expect(Object.keys(critics)).toEqual([
    'chainOfThought',
    'resample',
    'self',
    'selfEvaluation',
    'stepLevel',
    'verdict',
    'verdictAnswer',
    'weakToStrong',
  ]);
});

describe('says', () => {
  it.each<[string, Critic, CriticInput, string | null]>([
    ['verdict of a wrong answer', verdict, input(misread, 'wrong'), 'The answer is wrong.'],
    ['verdict of a right answer', verdict, input(sound, 'right'), 'The answer is right.'],
    ['verdict of an answer that could not be graded', verdict, input(sound, 'failed'), null],
    ['verdict and answer', verdictAnswer, input(misread, 'wrong'), 'The answer is wrong. The right answer is 34.'],
    ['verdict and answer of a right answer', verdictAnswer, input(sound, 'right'), 'The answer is right.'],
    ['verdict and answer of an ungraded one', verdictAnswer, input(sound, 'failed'), null],
    ['nothing', resample, input(misread, 'wrong'), ''],
    ['the wrong step', stepLevel, input(misread, 'wrong'), 'Step 1 is wrong: it should be + 12, not + 10.'],
    ['that all is right', stepLevel, input(sound, 'right'), 'The answer is right.'],
    ['only the verdict where steps show no fault', stepLevel, input(sound, 'wrong'), 'The answer is wrong.'],
    ['nothing without a reference solution', stepLevel, input(misread, 'wrong', { solution: undefined }), null],
    ['nothing of an ungraded answer', stepLevel, input(misread, 'failed'), null],
  ])('%s', async (_, critic, given, text) => {
    expect(await critic.write([given], noTools)).toEqual([text]);
  });

  it('at most three faults, the first ones', async () => {
    const steps = [1, 2, 3, 4, 5].map((operand) => ({ operator: '+' as const, operand, phrase: '' }));
    const [text] = await stepLevel.write([input('', 'wrong', { solution: { start: 0, steps } })], noTools);
    expect(text).toBe('Step 1 is missing: use + 1. Step 2 is missing: use + 2. Step 3 is missing: use + 3.');
  });
});

it('self asks the policy about question and answer, and takes an empty text for none', async () => {
  const asked: unknown[] = [];
  const generate: CriticTools['generate'] = async (conversations, purpose, seeds) => {
    asked.push(conversations, purpose, seeds);
    return saying(' Step 1 is wrong. ', ' \n');
  };
  expect(await self.write([input('A', 'wrong'), input('B', 'wrong')], { ...noTools, generate, seeds: [5, 6] })).toEqual(['Step 1 is wrong.', null]);
  const conversation = (content: string): unknown => [...problem.prompt, { role: 'assistant', content }];
  expect(asked).toEqual([[conversation('A'), conversation('B')], 'critique', [5, 6]]);
});

describe('a run of a critic', () => {
  const writing = (write: Critic['write'], kind: Critic['kind'] = 'verdict'): Critic => ({
    name: 'odd',
    summary: '',
    kind,
    needs: { solution: false, generation: false },
    write,
  });
  const inputs = [input('a', 'wrong'), input('b', 'wrong')];
  const textsOf = ({ critiques, notices }: WrittenCritiques) => ({ texts: critiques.map(({ text }) => text), notices });
  const run = async (critic: Critic) => textsOf(await runCritic(critic, inputs, noTools));

  it('gives the texts', async () => {
    expect(await run(verdict)).toEqual({ texts: ['The answer is wrong.', 'The answer is wrong.'], notices: [] });
    expect(await run(resample)).toEqual({ texts: ['', ''], notices: [] });
    expect(await run(writing(async () => ['', null]))).toEqual({ texts: [null, null], notices: [] });
    expect(await runCritic(self, [], noTools)).toEqual({ critiques: [], notices: [] });
  });

  it.each<[string, Critic['write'], RegExp]>([
    ['rejects', () => Promise.reject(new Error('server away')), /"odd" wrote no critique of 2 rollouts: server away/u],
    [
      'throws',
      () => {
        throw new Error('server away');
      },
      /server away/u,
    ],
    ['answers for one only', async () => ['a'], /1 texts for 2 rollouts/u],
    ['answers nothing', async () => undefined as unknown as string[], /no list/u],
  ])('that %s gives nulls and a notice', async (_, write, message) => {
    expect(await run(writing(write))).toEqual({
      texts: [null, null],
      notices: [{ code: 'critic.failed', message: expect.stringMatching(message) as string }],
    });
  });

  it('keeps the texts beside something that is none', async () => {
    const result = await run(writing(async () => ['fine', 7 as unknown as string]));
    expect(result.texts).toEqual(['fine', null]);
    expect(result.notices[0]?.message).toMatch(/for 1 rollout/u);
  });

  it('detects a policy that wrote too few texts', async () => {
    const result = await runCritic(self, inputs, { ...noTools, generate: async () => saying('one'), seeds: [1, 2] });
    expect(textsOf(result)).toMatchObject({ texts: [null, null], notices: [{ code: 'critic.failed' }] });
  });

  it('passes an abort on', async () => {
    await expect(run(writing(() => Promise.reject(new DOMException('stop', 'AbortError'))))).rejects.toMatchObject({ name: 'AbortError' });
  });
});
