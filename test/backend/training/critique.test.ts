/** What a critic may do to a run: its failures cost critiques; the engine's are the run's. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Critic } from '../../../backend/critics/critic.ts';
import { self } from '../../../backend/critics/self.ts';
import { stepLevel } from '../../../backend/critics/stepLevel.ts';
import type { Message } from '../../../backend/protocol/records.ts';
import { collectStep, type Collected } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { problems, scriptedRun, scriptOf, tokenizer, type ScriptedRunOptions } from '../../support/scriptedRun.ts';
import type { Script } from '../../support/scriptedEngine.ts';

const answers = scriptOf([{ rollouts: 'WW', refinements: 'RR' }]);

function criticThat(write: Critic['write']): Critic {
  return { ...stepLevel, name: 'odd', write };
}

async function collectWith(critic: Critic, options: Partial<ScriptedRunOptions> = {}) {
  const made = await scriptedRun({ problems: problems(1), script: answers, parts: { critic }, ...options });
  const scope = new StepScope(1, 0);
  return { made, scope, collect: (): Promise<Collected> => collectStep(made.run, scope, made.run.trainProblems) };
}

describe('a critic that fails', () => {
  const timeout = Object.assign(new Error('the request took too long'), { name: 'AbortError' });
  it.each<[string, Critic['write'], RegExp]>([
    ['throws', () => Promise.reject(new Error('no key')), /"odd" wrote no critique of 2 rollouts: no key/],
    ['gives up by itself', () => Promise.reject(timeout), /"odd" gave up: the request took too long/],
    ['returns nothing', () => Promise.resolve(undefined as never), /it returned no list/],
    ['returns too few', () => Promise.resolve(['one']), /it returned 1 texts for 2 rollouts/],
    ['returns numbers', () => Promise.resolve([1, 2] as never), /something other than a text for 2 rollouts/],
  ])('and %s costs its critiques, with a notice', async (_, write, message) => {
    const { scope, collect } = await collectWith(criticThat(write));
    const collected = await collect();
    expect(scope.notices).toMatchObject([
      { type: 'noticeRaised', code: 'critic.failed', step: 1, message: expect.stringMatching(message) as string },
    ]);
    expect(collected.critiques).toEqual([]);
    expect(collected.groups[0]?.group.kind).toBe('allWrong');
  });

  it('or says nothing of a rollout leaves that one without refinement', async () => {
    const { scope, collect } = await collectWith(criticThat(() => Promise.resolve([null, 'Step 1 should be 30 + 5.'])));
    const collected = await collect();
    expect(scope.notices).toEqual([]);
    expect(collected.refined.map(({ rollout }) => rollout.index)).toEqual([1]);
  });
});

describe('a critic that asks the policy', () => {
  /** Critiques where a critique is asked for, else the answers above. */
  const script: Script = (asked) => (asked.prompt.endsWith('<c>') ? 'Step 1 should be 10 + 5.' : answers(asked));

  it('gets its answer, and the tokens are counted', async () => {
    const { made, collect } = await collectWith(self, { script });
    const collected = await collect();
    expect(collected.critiques.map(({ text, kind }) => [text, kind])).toEqual([
      ['Step 1 should be 10 + 5.', 'self'],
      ['Step 1 should be 10 + 5.', 'self'],
    ]);
    const lengthOf = (text: string): number => made.run.tokenizer.encodeText(text).length + 1;
    const ofAnswers = [...collected.rollouts, ...collected.refined.map(({ refinement }) => refinement)].reduce(
      (sum, { tokens }) => sum + tokens.length,
      0,
    );
    expect(collected.tokensSampled).toBe(ofAnswers + 2 * lengthOf('Step 1 should be 10 + 5.'));
    expect(made.engine.callsOf('sample').map(({ request }) => request.prompts.length)).toEqual([1, 2, 2]);
  });

  it('gets no answer to what exceeds the context, and goes on with the rest', async () => {
    const conversation: Message[] = [...(problems(1)[0]?.prompt ?? []), { role: 'assistant', content: 'Answer: 60.' }];
    const contextLength = tokenizer.encodeConversation(conversation, 'critique').length + 24;
    const longer: Script = (asked) => (asked.index === 1 ? 'Step 1: 10 + 5 = 60. Answer: 61.' : script(asked));
    const { scope, collect } = await collectWith(self, { script: longer, parts: { critic: self, contextLength } });
    const collected = await collect();
    expect(collected.critiques.map(({ rolloutId }) => rolloutId)).toEqual(['run/1/p0/r0']);
    expect(scope.notices).toMatchObject([{ code: 'critique.promptTooLong', message: expect.stringContaining('1 of 2 conversations') as string }]);
  });

  it('cannot hide a dead engine', async () => {
    const death = new WorkbenchError({ code: 'engine.died', message: 'Gone.', remedy: 'Resume.' });
    const fault = (method: string, earlier: number): void => {
      if (method === 'sample' && earlier === 1) throw death;
    };
    const { collect } = await collectWith(self, { script, fault });
    await expect(collect()).rejects.toBe(death);
    const swallowing = criticThat(async (inputs, tools) => (await self.write(inputs, tools).catch(() => inputs.map(() => 'never mind'))).slice());
    await expect((await collectWith(swallowing, { script, fault })).collect()).rejects.toBe(death);
  });

  it('is aborted with the run', async () => {
    const made = await scriptedRun({
      problems: problems(1),
      script,
      parts: { critic: self },
      fault: (method, earlier) => {
        if (method === 'sample' && earlier === 1) made.controller.abort();
      },
    });
    await expect(collectStep(made.run, new StepScope(1, 0), made.run.trainProblems)).rejects.toThrow(/abort/i);
  });
});
