/** What is said of a run before it starts. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../backend/protocol/records.ts';
import type { RunPlan } from '../../../backend/protocol/views.ts';
import { planRun, presetViews } from '../../../backend/training/plan.ts';
import { resolveRunSource } from '../../../backend/training/runFile.ts';
import { demoFolder, problem, problems, writeProblems } from '../../support/scriptedRun.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const plenty = 1e12;

function plan(overrides: Record<string, string | number | null>, available = plenty): Promise<RunPlan> {
  return planRun(resolveRunSource({ preset: 'demo', overrides }), { demoFolder, available });
}

describe('the plan of a run', () => {
  it('does the arithmetic of the demonstration and has nothing to warn of', async () => {
    const made = await plan({});
    expect(made).toMatchObject({
      name: 'critique-grpo-seed0',
      algorithm: 'critique-grpo',
      critic: 'step-level',
      parameters: 619_648,
      trainableParameters: 619_648,
      trainProblems: 256,
      heldOutProblems: 400,
      data: [
        '256 problems of train.jsonl read as workbench: id from id, prompt from prompt, answer from answer, level from level, solution from solution, demonstration from demonstration',
        'held out: 400 problems of heldOut.jsonl read as workbench: id from id, prompt from prompt, answer from answer, level from level, solution from solution, demonstration from demonstration',
      ],
      warnings: [],
    });
    expect(made.arithmetic).toEqual([
      '8 problems × (7 rollouts + up to 1 refinement) = up to 64 sequences a step, trained in 1 update',
      'up to 8 problems × 2 = 16 critiques a step, each refined once; at most 1 a problem joins the group',
      '160 steps × 8 = 1,280 groups: 5.0 passes over 256 problems',
      '400 held-out problems × 4 answers before and after, × 2 every 20 steps',
      '256 training problems × 8 answers before and after, to count what fails every time',
    ]);
    expect(made.memory.needed).toBeGreaterThan(100e6);
    expect(made.memory.needed).toBeLessThan(2e9);
  });

  it.each<[string, Record<string, string | number | null>, string, number]>([
    ['grpo', { algorithm: 'grpo' }, '8 problems × (8 rollouts) = 64 sequences a step', 0],
    ['luffy', { algorithm: 'luffy' }, '8 problems × (7 rollouts + 1 demonstration) = 64 sequences a step', 0],
    ['critique-ft', { algorithm: 'critique-ft' }, '8 problems × (4 rollouts + up to 2 critiques) = up to 48 sequences a step', 0],
    ['citl-ft', { algorithm: 'citl-ft', 'switches.kRefinements': 2 }, '8 problems × (4 rollouts + up to 2 refinements) = up to 48 sequences', 0],
    ['raft with greedy rollouts', { algorithm: 'raft', 'sampling.temperature': 0 }, '8 problems × (8 rollouts) = 64 sequences a step', 0],
    ['sdpo with a rollout', { algorithm: 'sdpo', 'switches.nRollouts': 1 }, '8 problems × (1 rollout) = 8 sequences a step', 0],
    ['an adapter', { 'model.lora.rank': 2 }, '8 problems × (7 rollouts', 0],
    ['a last update in parts', { 'training.updatesPerStep': 2 }, 'trained in 2 updates', 0],
  ])('of %s', async (_, overrides, line, warnings) => {
    const made = await plan(overrides);
    expect(made.arithmetic[0]).toContain(line);
    expect(made.warnings).toHaveLength(warnings);
    expect(made.trainableParameters < made.parameters).toBe(_ === 'an adapter');
  });

  it('says what becomes of critiques, of phases, and of groups without a signal', async () => {
    const linesOf = async (overrides: Record<string, string | number>): Promise<readonly string[]> => (await plan(overrides)).arithmetic.slice(0, 4);
    expect((await linesOf({ algorithm: 'critique-ft' }))[1]).toContain('16 critiques a step, each learned as the reply to its rollout');
    expect((await linesOf({ algorithm: 'sdpo' }))[1]).toContain('16 critiques a step, each read by the teacher of its rollout');
    expect((await linesOf({ algorithm: 'dapo' }))[2]).toBe(
      'in place of groups without a signal further problems, 4 times: at most 40 problems a step',
    );
    expect(await linesOf({ algorithm: 'grpo-then-sft' })).toEqual([
      'steps 1–112, grpo: 8 problems × (8 rollouts) = 64 sequences a step, trained in 1 update',
      'steps 113–160, refinement-ft: 8 problems × (4 rollouts + up to 2 refinements) = up to 48 sequences a step, trained in 1 update',
      'steps 113–160, refinement-ft: up to 8 problems × 2 = 16 critiques a step, each refined once; at most 4 a problem join the group',
      '160 steps × 8 = 1,280 groups: 5.0 passes over 256 problems',
    ]);
  });

  it.each<[string, Record<string, string | number | null>, RegExp]>([
    ['no held-out set', { 'data.heldOut': null }, /no held-out set.*data\.heldOut/],
    ['a group of one', { 'switches.nRollouts': 1 }, /With 1 rollout.*switches\.nRollouts/],
    ['greedy rollouts', { 'sampling.temperature': 0 }, /At temperature 0/],
    ['critiques for nothing', { 'switches.kRefinements': 0 }, /No refinement ever joins/],
    ['too few critiques', { 'switches.kRefinements': 3 }, /2 critiques a problem cannot give 3 refinements/],
    ['more problems a step than there are', { 'training.problemsPerStep': 300 }, /takes 300 problems, but there are 256/],
    ['answers that do not fit', { 'sampling.maxTokens': 500 }, /more than the model's context of/],
    ['refinements that do not fit', { 'sampling.maxTokens': 240 }, /no room for its refinement/],
    ['a held-out set that is trained on', { 'data.heldOut': 'demo:train.jsonl' }, /256 held-out problems are also trained on/],
  ])('warns of %s', async (_, overrides, warning) => {
    expect((await plan(overrides)).warnings).toEqual([expect.stringMatching(warning)]);
  });

  it('warns of memory that is tight or not there', async () => {
    const { needed } = (await plan({})).memory;
    expect((await plan({}, needed * 1.2)).warnings).toEqual([expect.stringMatching(/That is tight/)]);
    expect((await plan({}, needed * 0.9)).warnings).toEqual([
      expect.stringMatching(/It will not start\. .*(about [\d.]+ [MG]B then|Choose a model)/),
    ]);
  });

  it('warns of data that the critic cannot use, and of rows left out', async () => {
    const { solution: _, ...unsolved } = problem(0);
    const train = writeProblems(join(temporaryFolder(), 'train.jsonl'), [unsolved, ...problems(3).slice(1), {} as Problem]);
    const made = await plan({ 'data.train': train, 'data.onBrokenRow': 'skip', 'data.heldOut': null, 'training.problemsPerStep': 2 });
    expect(made.trainProblems).toBe(3);
    expect(made.warnings).toEqual([
      expect.stringMatching(/problem p0 .* has none/),
      expect.stringMatching(/1 broken row is left out, at .*train\.jsonl:4: "prompt" is missing/),
      expect.stringMatching(/no held-out set/),
    ]);
    await expect(plan({ 'data.train': '/nowhere.jsonl' })).rejects.toMatchObject({ code: 'dataset.notFound' });
    await expect(plan({ critic: 'sage' })).rejects.toMatchObject({ code: 'critic.unknown' });
  });
});

describe('presets', () => {
  it('say whether they start as they are', () => {
    const views = presetViews();
    expect(views.filter(({ isComplete }) => isComplete).map(({ name }) => name)).toEqual(['demo']);
    expect(views.every(({ summary }) => summary.length > 20)).toBe(true);
  });
});
