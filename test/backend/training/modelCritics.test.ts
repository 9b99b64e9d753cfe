/** Critics that ask a model, in a run: what is recorded, what a resume does without asking again, and what an outage does not do. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CriticInput } from '../../../backend/critics/critic.ts';
import type { RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { counterfactual } from '../../../backend/training/counterfactual.ts';
import { closePolicy } from '../../../backend/training/policy.ts';
import { findPersistentFailures, rescueBy } from '../../../backend/training/rescueStudy.ts';
import type { Run } from '../../../backend/training/run.ts';
import { train } from '../../../backend/training/trainer.ts';
import { chatServer, disasters, inTurn, json, says, usage, type Behavior, type ChatServer } from '../critics/chatServer.ts';
import { problems, scriptedRun, scriptOf, told, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

const key = 'a-key-that-must-not-be-seen';
beforeEach(() => (process.env['CRITIC_API_KEY'] = key));
afterEach(() => delete process.env['CRITIC_API_KEY']);

const wrong = says('Step 1 should add 5. Conclusion: wrong [END] and more');
const right = says('All is well. Conclusion: right');

type Options = NonNullable<RunConfigInput['criticOptions']>;

function judgedBy(server: ChatServer, options: Options = {}, rest: Partial<ScriptedRunOptions> = {}): Promise<ScriptedRun> {
  return scriptedRun({
    problems: problems(1),
    script: scriptOf([{ rollouts: 'WW', refinements: 'RW' }]),
    ...rest,
    config: {
      critic: 'chainOfThought',
      criticOptions: { baseUrl: server.baseUrl, model: 'judge', retries: 0, concurrency: 1, prices: { promptPerMillion: 1e4 }, ...options },
      ...rest.config,
    },
  });
}

const nothing = { answers: 0, promptTokens: 0, completionTokens: 0, cost: 0 };

const failuresOf = async (run: Run): Promise<readonly CriticInput[]> => (await findPersistentFailures(run, { attempts: 2, limit: null })).wrong;

const call = { runId: 'run', step: 1, critic: 'chain-of-thought', model: 'judge', isCached: false, isCutOff: false };

describe('a critique by a model', () => {
  it('is recorded with how it came about', async () => {
    const server = await chatServer(wrong);
    const { run, store } = await judgedBy(server);
    await train(run);
    expect(store.attempt('run', 'run/1/p0/r0')?.critiques).toMatchObject([
      { kind: 'chainOfThought', author: 'chain-of-thought', text: 'Step 1 should add 5. Conclusion: wrong' },
    ]);
    const counted = {
      attempts: 1,
      promptTokens: 100,
      completionTokens: 20,
      cost: 1,
      conclusion: 'wrong',
      disagreements: 0,
      fallback: null,
      error: null,
    };
    expect(store.critiqueCalls('run')).toMatchObject([
      { ...call, ...counted, rolloutId: 'run/1/p0/r0' },
      { ...call, ...counted, rolloutId: 'run/1/p0/r1' },
    ]);
    expect(store.criticSpending('run')).toMatchObject({ asked: 2, answered: 2, attempts: 2, promptTokens: 200, completionTokens: 40, cost: 2 });
    expect(store.updates('run')[0]?.metrics).toMatchObject({ criticTokens: 240, criticCost: 2, criticDisagreements: 0, criticFallbacks: 0 });
    expect(server.asked[0]?.body.messages[0]?.content).toMatch(/Ana has 10 beads[^]*\n15\n[^]*Answer: 60\.[^]*Conclusion: wrong \[END\]/);
  });

  it('that contradicts the verifier is asked for anew', async () => {
    const server = await chatServer(inTurn(right, wrong));
    const { run, store } = await judgedBy(server, { maxRegenerations: 1 });
    await train(run);
    expect(store.critiqueCalls('run')).toMatchObject([
      { attempts: 2, conclusion: 'wrong', disagreements: 1, fallback: null, promptTokens: 200 },
      { attempts: 1, disagreements: 0 },
    ]);
    const seeds = server.asked.map(({ body }) => body['seed']);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it.each<[string, Behavior, Options, { kind: string | undefined; text: string | undefined; call: object }]>([
    [
      'a rule that tells the answer',
      right,
      {},
      {
        kind: 'verdictAnswer',
        text: 'The answer is wrong. The right answer is 15.',
        call: {
          attempts: 3,
          conclusion: 'right',
          disagreements: 3,
          fallback: 'verdictAnswer',
          error: expect.stringMatching(/3 critiques that call the answer right/) as string,
        },
      },
    ],
    [
      'one that does not',
      says('No idea.'),
      { fallback: 'verdict', maxRegenerations: 0 },
      {
        kind: 'verdict',
        text: 'The answer is wrong.',
        call: { conclusion: null, disagreements: 1, fallback: 'verdict', error: expect.stringMatching(/without a conclusion/) as string },
      },
    ],
    [
      'nothing',
      disasters['a 500'] as Behavior,
      { fallback: 'none' },
      { kind: undefined, text: undefined, call: { attempts: 1, cost: 0, fallback: null, error: expect.stringMatching(/500/) as string } },
    ],
    [
      'a rule, where it was cut off',
      says('Step 1 is', { finish: 'length', usage }),
      { maxRegenerations: 0, fallback: 'verdict' },
      { kind: 'verdict', text: 'The answer is wrong.', call: { isCutOff: true, error: 'the critique was cut off before its conclusion' } },
    ],
  ])('that cannot be had is replaced by %s', async (_, behavior, options, expected) => {
    const { run, store } = await judgedBy(await chatServer(behavior), options);
    await train(run);
    const [critique] = store.attempt('run', 'run/1/p0/r0')?.critiques ?? [];
    expect([critique?.kind, critique?.text]).toEqual([expected.kind, expected.text]);
    expect(store.critiqueCalls('run', { rolloutId: 'run/1/p0/r0' })).toMatchObject([expected.call]);
  });
});

describe('an outage', () => {
  it('costs critiques, is told once, and changes no reward', async () => {
    const config = { training: { steps: 4 } };
    const broken = await judgedBy(await chatServer(disasters['a closed connection'] as Behavior), { fallback: 'none' }, { config });
    const outcome = await train(broken.run);
    expect(outcome.reason).toBe('finished');
    expect(told(broken.events).filter((event) => event.includes('critic.'))).toEqual(['noticeRaised 2 critic.outage']);
    const plain = await scriptedRun({ problems: problems(1), script: scriptOf([{ rollouts: 'WW' }]), config: { ...config, algorithm: 'dr-grpo' } });
    await train(plain.run);
    const rewards = ({ store }: ScriptedRun): (number | undefined)[] => store.updates('run').map(({ metrics }) => metrics['reward']);
    expect(rewards(broken)).toEqual(rewards(plain));
    expect(broken.store.criticSpending('run')).toMatchObject({ asked: 8, answered: 0 });
  });

  it('of a budget is one, too, and the budget is the run’s over all its processes', async () => {
    const server = await chatServer(wrong);
    const options = { budget: { tokens: 500 }, maxTokens: 50, cache: false };
    const config = { training: { steps: 3 }, checkpoint: { every: 1 } };
    const first = await judgedBy(server, options, { config });
    await train({ ...first.run, config: { ...first.run.config, training: { ...first.run.config.training, steps: 1 } } });
    expect(server.asked).toHaveLength(2);
    await closePolicy(first.run);
    const second = await judgedBy(server, options, { config, after: first });
    await train(second.run);
    const { promptTokens, completionTokens } = second.store.criticSpending('run');
    expect(promptTokens + completionTokens).toBeLessThanOrEqual(500);
    expect(told(second.events)).toContain('noticeRaised 2 critic.budgetUsedUp');
  });
});

describe('what studies pay an endpoint', () => {
  const options: Options = { cache: false, fallback: 'verdictAnswer' };

  it('is recorded apart from training, and shown with each comparison', async () => {
    const server = await chatServer(wrong);
    const { run, store } = await judgedBy(server, options);
    await train(run);
    const before = store.criticSpending('run');
    expect(before.paid).toEqual({ training: { answers: 2, promptTokens: 200, completionTokens: 40, cost: 2 }, studies: nothing });
    const entries = await counterfactual(run, { rolloutId: 'run/1/p0/r0', critics: ['chainOfThought', 'verdict'], samples: 1 });
    expect(entries.map(({ critic, error, paid }) => [critic, error, paid])).toEqual([
      ['chainOfThought', null, { tokens: 120, cost: 1 }],
      ['verdict', null, undefined],
    ]);
    expect(await rescueBy(run, 'chainOfThought', await failuresOf(run))).toMatchObject({ wrong: 2, valid: 2, criticTokens: 40 });
    const studies = { answers: 3, promptTokens: 300, completionTokens: 60, cost: 3 };
    expect(store.criticSpending('run')).toEqual({ ...before, paid: { ...before.paid, studies } });
  });

  it('comes from the run’s budget, over all its processes, and stops with a sentence', async () => {
    const server = await chatServer(wrong);
    // Room for five answers: two in training, two in a study, one more in training.
    const tight: Options = { ...options, budget: { tokens: 760 }, maxTokens: 50 };
    const config = { training: { steps: 2 }, checkpoint: { every: 1 } };
    const first = await judgedBy(server, tight, { config });
    await train({ ...first.run, config: { ...first.run.config, training: { ...first.run.config.training, steps: 1 } } });
    await rescueBy(first.run, 'chainOfThought', await failuresOf(first.run));
    expect(server.asked).toHaveLength(4);
    await closePolicy(first.run);

    const second = await judgedBy(server, tight, { config, after: first });
    await train(second.run);
    expect(server.asked).toHaveLength(5);
    expect(told(second.events)).toContain('noticeRaised 2 critic.budgetUsedUp');
    for (let time = 0; time < 2; time++) {
      const [entry] = await counterfactual(second.run, { rolloutId: 'run/1/p0/r0', critics: ['chainOfThought'], samples: 1 });
      expect(entry).toMatchObject({
        ...{ text: '', refinements: [], paid: { tokens: 0, cost: 0 } },
        error: expect.stringMatching(/^The budget for judge at .* has no room for another critique.*: 600 are used/) as string,
      });
    }
    await expect(rescueBy(second.run, 'chainOfThought', await failuresOf(second.run))).rejects.toMatchObject({ code: 'critic.budgetUsedUp' });
    expect(server.asked).toHaveLength(5);
  });

  it('is recorded where the step it was for is lost', async () => {
    const server = await chatServer(wrong);
    const { run, store, controller } = await judgedBy(server, options);
    run.observer.onPhase = (_, phase) => {
      if (phase === 'refine') controller.abort();
    };
    await train(run);
    expect(store.updates('run')).toEqual([]);
    expect(store.criticSpending('run')).toMatchObject({ asked: 0, paid: { training: { answers: 2, cost: 2 }, studies: nothing } });
  });
});

it('a resumed run repeats recorded critiques without asking, though the model would say something else now', async () => {
  let word = 'first';
  const server = await chatServer((response, asked, nth) => says(`The ${word} word. Conclusion: wrong`)(response, asked, nth));
  const config = { training: { steps: 4 }, checkpoint: { every: 2 } };
  const options = { cache: false };
  const first = await judgedBy(server, options, { config });
  first.run.observer.onPhase = (step, phase) => {
    if (step === 4 && phase === 'update') first.controller.abort();
  };
  const lost = { ...first.run, observer: { ...first.run.observer } };
  // Steps 1 to 3 are recorded, and the checkpoint is that of step 2.
  await train({ ...lost, boundary: { serve: async (_run, step) => (step === 3 ? Promise.reject(new Error('the power fails')) : undefined) } }).catch(
    () => undefined,
  );
  const before = server.asked.length;
  expect([before, first.store.updates('run').length]).toEqual([6, 3]);

  word = 'second';
  const second = await judgedBy(server, options, { config, after: first });
  const outcome = await train(second.run);
  expect(outcome).toMatchObject({ reason: 'finished', step: 4 });
  expect(server.asked.length - before).toBe(2);
  const said = (id: string): string | undefined => second.store.attempt('run', id)?.critiques[0]?.text;
  expect([said('run/3/p0/r0'), said('run/4/p0/r0')]).toEqual(['The first word. Conclusion: wrong', 'The second word. Conclusion: wrong']);
});

it('the key is sent, and stands nowhere else', async () => {
  const server = await chatServer(
    inTurn(wrong, (response, asked) => json(response, 401, { error: { message: `no such key: ${String(asked.headers.authorization)}` } })),
  );
  const { run, store, workspace, events } = await judgedBy(server, { fallback: 'none' });
  await train(run);
  expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${key}`);
  const calls = store.critiqueCalls('run');
  expect(calls[1]?.error).toMatch(/\*\*\*/);
  expect(JSON.stringify([calls, events])).not.toContain(key);
  const folder = join(workspace, '.critique-grpo');
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    expect(readFileSync(join(name.parentPath, name.name)).includes(key), name.name).toBe(false);
  }
});

describe('a run is refused before it starts, where', () => {
  it.each<[string, Options, string]>([
    ['no endpoint is named', { baseUrl: null }, 'critic.noModel'],
    ['no model is named', { model: null }, 'critic.noModel'],
    ['the endpoint is not encrypted', { baseUrl: 'http://judge.example/v1' }, 'critic.insecureEndpoint'],
    ['it is the editor’s, and there is none', { endpoint: 'editor' }, 'critic.noModel'],
    ['the prompt file is missing', { promptFile: 'nowhere.jinja' }, 'critic.badPrompt'],
  ])('%s', async (_, options, code) => {
    await expect(judgedBy(await chatServer(wrong), options)).rejects.toMatchObject({ code });
  });

  it('the key would be another secret of the environment', async () => {
    await expect(judgedBy(await chatServer(wrong), { apiKeyEnvironment: 'AWS_SECRET_ACCESS_KEY' })).rejects.toThrow(/_API_KEY/);
  });

  it('the weak model is not named', async () => {
    await expect(judgedBy(await chatServer(wrong), {}, { config: { critic: 'weakToStrong' } })).rejects.toMatchObject({ code: 'critic.noModel' });
  });
});
