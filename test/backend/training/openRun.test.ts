/** What is checked before the first token is sampled, and what a run is made of. Faults of files and models: test/e2e/badInput.test.ts. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Problem } from '../../../backend/protocol/records.ts';
import { openRun, type OpenRunOptions } from '../../../backend/training/openRun.ts';
import { runConfigSchema, type RunConfigInput } from '../../../backend/protocol/runConfig.ts';
import { ScriptedEngine } from '../../support/scriptedEngine.ts';
import { demoFolder, openStoreForTest, problem, problems, scriptedRun, tokenizer, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

type Opened = Parameters<NonNullable<OpenRunOptions['openEngine']>>[0];

/** Opens a run of the given configuration on scripted engines, and what those were opened with. */
async function open(config: Partial<RunConfigInput>, train: readonly Problem[] = problems(3), folder = `${temporaryFolder()}/run`, threads = 3) {
  const workspace = temporaryFolder();
  const engines: ScriptedEngine[] = [];
  const opened: Opened[] = [];
  const parsed = runConfigSchema.parse({
    model: { path: 'demo:model' },
    data: { train: writeProblems(`${workspace}/train.jsonl`, train) },
    prompt: { refinement: 'conversation' },
    sampling: { maxTokens: 24 },
    ...config,
  });
  const run = openRun({
    id: 'run',
    config: parsed,
    store: openStoreForTest(workspace),
    folder,
    entries: { engine: 'engine.js', grader: '' },
    demoFolder,
    threads,
    openEngine: (options) => {
      opened.push(options);
      engines.push(new ScriptedEngine(tokenizer, () => 'Answer: 1.'));
      return Promise.resolve(engines.at(-1) as ScriptedEngine);
    },
    observer: {},
    signal: new AbortController().signal,
  });
  return { run, engines, opened };
}

describe('openRun', () => {
  it('opens the engine as the configuration says', async () => {
    const plain = await open({ training: { microBatchTokens: 512, layerCheckpointing: true } });
    await plain.run;
    expect(plain.opened).toMatchObject([
      { entry: 'engine.js', model: `${demoFolder}/model`, threads: 3, microBatchTokens: 512, layerCheckpointing: true, keepReference: false },
    ]);
    expect(plain.opened[0]).not.toHaveProperty('lora');
    const other = await open({ seed: 9, algorithm: 'grpo', switches: { klCoefficient: 0.1 }, model: { path: 'demo:model', lora: { rank: 2 } } });
    await other.run;
    expect(other.opened).toMatchObject([{ keepReference: true, lora: { rank: 2 }, adapterSeed: 9 }]);
  });

  it('puts the switches of the run file over the algorithm’s', async () => {
    const { run } = await open({ algorithm: 'critique-grpo', switches: { nRollouts: 3, clipLow: 0.2 } });
    expect((await run).switches).toMatchObject({ nRollouts: 3, clipLow: 0.2, kRefinements: 1, shapingGamma: 0.1 });
  });

  it('goes on with the threads that the run was started with', async () => {
    const folder = `${temporaryFolder()}/run`;
    const openWith = async (threads: number): Promise<number | undefined> => {
      const { run, opened } = await open({}, problems(3), folder, threads);
      await run;
      return opened[0]?.threads;
    };
    expect([await openWith(2), await openWith(1)]).toEqual([2, 2]);
    writeFileSync(`${folder}/engine.json`, '{}');
    await expect(openWith(1)).rejects.toMatchObject({ code: 'run.damaged' });
  });

  it('refuses what will not fit into memory, and closes the engine', async () => {
    const { run, engines } = await open({ training: { microBatchTokens: 10 ** 9 } });
    await expect(run).rejects.toMatchObject({
      code: 'engine.outOfMemory',
      message: expect.stringMatching(/needs about [\d.]+ TB \(training .*, decoding .*, programs .*\); [\d.]+ .B are there\./) as string,
      remedy: expect.stringContaining('training.microBatchTokens') as string,
    });
    expect(engines[0]?.isDisposed).toBe(true);
  });

  it('keeps problems of two files apart that only share their ids', async () => {
    const [first, second, third] = [problem(0), problem(1), problem(2)];
    const { run, store } = await scriptedRun({ problems: [first, second], heldOut: [{ ...third, id: 'p0' }, second], script: () => 'Answer: 1.' });
    expect(run.heldOutProblems.map(({ id }) => id)).toEqual(['heldOut:p0', 'p1']);
    expect(run.tokenizer.decode(run.promptOf(run.heldOutProblems[0] as Problem))).toContain('12 beads');
    expect(run.tokenizer.decode(run.promptOf(run.trainProblems[0] as Problem))).toContain('10 beads');
    expect(() => store.record({ runId: 'run', problems: [...run.trainProblems, ...run.heldOutProblems] })).not.toThrow();
  });

  it('makes prompts of refinements from the whole failed answer, or the problem alone where nothing is said', async () => {
    const { run } = await scriptedRun({ problems: problems(1), script: () => 'Answer: 1.' });
    const [first] = run.trainProblems as [Problem];
    const rollout = { completion: 'Answer: 60.' } as Parameters<typeof run.refinementPromptOf>[1];
    expect(run.refinementPromptOf(first, rollout, '')).toEqual(run.promptOf(first));
    const prompt = run.tokenizer.decode(run.refinementPromptOf(first, rollout, 'The answer is wrong.') ?? []);
    expect(prompt.replace(/\s*(<\w+>)\s*/g, '$1')).toBe('<q>Ana has 10 beads. She gets 5. How many?<a>Answer: 60.<eos><c>The answer is wrong.<r>');
    expect(run.refinementPromptOf(first, rollout, 'The answer is wrong. '.repeat(200))).toBeNull();
  });
});

describe('openRun refuses', () => {
  const long = 'She gets 5. '.repeat(200);
  const bare = (i: number): Problem => ({ id: `p${i}`, prompt: problem(i).prompt, answer: String(15 + i), level: 'easy' });

  it.each<[string, Partial<RunConfigInput>, readonly Problem[], string, RegExp]>([
    ['an unknown algorithm', { algorithm: 'ppo' }, problems(1), 'algorithm.unknown', /"ppo".*critique-grpo/s],
    ['an unknown critic', { critic: 'wise' }, problems(1), 'critic.unknown', /"wise".*step-level/s],
    ['an unknown verifier', { verifier: 'kind' }, problems(1), 'verifier.unknown', /"kind".*numeric/s],
    ['problems without demonstration', { algorithm: 'sft' }, [problem(0), bare(1)], 'data.noDemonstration', /problem p1 of .*train\.jsonl/],
    ['problems without solution', { critic: 'stepLevel' }, [problem(0), bare(1)], 'data.noSolution', /problem p1 of .*train\.jsonl/],
    [
      'a prompt longer than the context',
      {},
      [problem(0), { ...problem(1), prompt: [{ role: 'user', content: long }] }],
      'prompt.tooLong',
      /Problem p1 .*512/,
    ],
    [
      'a demonstration longer than the context',
      { algorithm: 'sft' },
      [{ ...problem(0), demonstration: long }],
      'demonstration.tooLong',
      /Problem p0 .*512/,
    ],
    [
      'a verifier that does not know the gold answers',
      {},
      [bare(0), { ...bare(1), answer: 'a few' }, { ...bare(2), answer: 'many' }],
      'verifier.unfit',
      /2 of 3 problems, for example "a few" of p1/,
    ],
    ['a system prompt that the chat template refuses', { prompt: { system: 'Be brief.' } }, problems(1), 'chatTemplate.failed', /system/],
  ])('%s, and leaves no engine behind', async (_, config, train, code, message) => {
    const critic = 'critic' in config ? {} : { critic: 'verdict' };
    const { run, engines } = await open({ ...critic, ...config }, train);
    const error = await run.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(WorkbenchError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string, remedy: expect.stringMatching(/\w+\.$/) as string });
    for (const engine of engines) expect(engine.isDisposed).toBe(true);
  });

  it.each([
    ['answers a critique', 'verdict', 'messages|length == 3'],
    ['writes one', 'self', "purpose == 'critique'"],
  ])('a chat template that takes a question, but not the turns in which the policy %s', async (_, critic, condition) => {
    const model = temporaryFolder();
    cpSync(`${demoFolder}/model`, model, { recursive: true });
    const template = `{%- if ${condition} -%}{{ raise_exception('No critiques here.') }}{%- endif -%}{%- for m in messages -%}{{ m.content }}{%- endfor -%}`;
    const path = `${model}/tokenizer_config.json`;
    writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), chat_template: template }));
    const { run, engines } = await open({ critic, model: { path: model } });
    await expect(run).rejects.toMatchObject({ code: 'chatTemplate.failed', message: expect.stringContaining('No critiques here.') as string });
    expect(engines[0]?.isDisposed).toBe(true);
  });
});
