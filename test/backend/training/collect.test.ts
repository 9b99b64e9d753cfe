/** One step's data: order of the stages, records and their ids, kinds of groups, what is left out and what is counted. */
import { describe, expect, it } from 'vitest';
import type { Verifier } from '../../../backend/rewards/verifier.ts';
import { numeric } from '../../../backend/rewards/numeric.ts';
import { collectStep, type Collected } from '../../../backend/training/collect.ts';
import { stepMetrics } from '../../../backend/training/stepMetrics.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { scriptedLogprobs } from '../../support/scriptedEngine.ts';
import { problems, scriptedRun, scriptOf, type Fate, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

interface Made extends ScriptedRun {
  readonly collected: Collected;
  readonly scope: StepScope;
}

async function collect(fates: readonly Fate[], options: Partial<ScriptedRunOptions> = {}): Promise<Made> {
  const made = await scriptedRun({ problems: problems(fates.length), script: scriptOf(fates), ...options });
  const scope = new StepScope(3, 7);
  return { ...made, scope, collected: await collectStep(made.run, scope, made.run.trainProblems) };
}

/** One line a group: its kind, whether it has no signal, and its members by the last part of their ids. */
function summary({ groups }: Collected): string[] {
  return groups.map(({ group: { kind, zeroSignal, members, problemId } }) => {
    const names = members.map(({ id, reward }) => `${id.split('/').slice(3).join('/')}=${reward}`);
    return `${problemId} ${kind}${zeroSignal ? ' (no signal)' : ''}: ${names.join(' ')}`;
  });
}

describe('groups', () => {
  it('are all right, mixed, all wrong or rescued', async () => {
    const { collected } = await collect([
      { rollouts: 'RR' },
      { rollouts: 'RW' },
      { rollouts: 'WC', refinements: 'WW' },
      { rollouts: 'WW', refinements: 'WR' },
    ]);
    expect(summary(collected)).toEqual([
      'p0 allRight (no signal): r0=1 r1=1',
      'p1 mixed: r0=1 r1=0',
      'p2 allWrong (no signal): r0=0 r1=0 r0/refinement=0',
      'p3 rescued: r0=0 r1=0 r1/refinement=1',
    ]);
    expect(stepMetrics(collected)).toMatchObject({
      groups: 4,
      groupsAllRight: 1,
      groupsMixed: 1,
      groupsAllWrong: 1,
      groupsRescued: 1,
      groupsZeroSignal: 2,
    });
  });

  it('count as rescued by a right refinement that did not join', async () => {
    const { collected } = await collect([{ rollouts: 'WW', refinements: 'RR' }], { config: { switches: { kRefinements: 0 } } });
    expect(summary(collected)).toEqual(['p0 rescued (no signal): r0=0 r1=0']);
  });

  it('leave out rollouts whose verifier failed, which are never scored as wrong nor criticized', async () => {
    const verifier: Verifier = {
      ...numeric,
      verify(input) {
        if (input.completion.includes('60')) throw new Error('it tripped');
        return numeric.verify(input);
      },
    };
    const { collected, scope } = await collect([{ rollouts: 'WW', refinements: 'RR' }], { parts: { verifier } });
    expect(summary(collected)).toEqual(['p0 rescued: r1=0 r1/refinement=1']);
    expect(collected.groups[0]?.group.excluded).toBe(1);
    expect(collected.verdicts.map(({ status }) => status)).toEqual(['failed', 'wrong', 'right']);
    expect(collected.critiques.map(({ rolloutId }) => rolloutId)).toEqual(['run/3/p0/r1']);
    expect(scope.notices).toMatchObject([{ code: 'verifier.failed', step: 3, message: expect.stringContaining('1 of 2 answers') as string }]);
    expect(stepMetrics(collected)).toMatchObject({ verifierFailed: 1, passRate: 0 });
  });

  it('of a supervised algorithm hold the demonstration and are made without sampling', async () => {
    const { collected, engine, run } = await collect([{ rollouts: 'W' }, { rollouts: 'W' }], { config: { algorithm: 'sft' } });
    expect(engine.calls).toEqual([]);
    expect(summary(collected)).toEqual(['p0 allWrong: d=1', 'p1 allWrong: d=1']);
    const [member] = collected.groups[0]?.members ?? [];
    expect(member?.behaviorLogprobs).toBeNull();
    expect(run.tokenizer.decode(member?.tokens ?? [])).toMatch(/^Step 1: 10 \+ 5 = 15\. Answer: 15\.\s*<eos>$/);
  });
});

describe('the stages', () => {
  it('come in order, each once', async () => {
    const { engine, phases } = await collect([
      { rollouts: 'WW', refinements: 'RR' },
      { rollouts: 'WW', refinements: 'RR' },
    ]);
    expect(engine.calls.map(({ method }) => method)).toEqual(['sample', 'sample', 'forward']);
    expect(engine.callsOf('sample').map(({ prompts }) => prompts.length)).toEqual([2, 4]);
    expect(phases).toEqual(['3 sample', '3 critique', '3 refine']);
  });

  it('leave records that name each other', async () => {
    const { collected, run } = await collect([{ rollouts: 'WW', refinements: 'WR' }], { config: { seed: 5 } });
    const [first, second] = collected.rollouts;
    expect(first).toMatchObject({ id: 'run/3/p0/r0', runId: 'run', step: 3, problemId: 'p0', index: 0, policyVersion: 7, finish: 'stop' });
    expect(first?.promptTokens).toEqual(run.promptOf(run.trainProblems[0] as never));
    expect(first?.seed).not.toBe(second?.seed);
    expect(first?.completion).toBe('Answer: 60.');
    expect(first?.behaviorLogprobs).toEqual(first?.tokens.map(() => scriptedLogprobs.sampled));
    const { critique, refinement, joined } = collected.refined[1] as NonNullable<(typeof collected.refined)[1]>;
    expect(critique).toMatchObject({
      id: 'run/3/p0/r1/critique',
      rolloutId: second?.id,
      kind: 'verdict',
      revision: 1,
      supersedes: null,
      text: 'The answer is wrong.',
    });
    expect(refinement).toMatchObject({ id: 'run/3/p0/r1/refinement', rolloutId: second?.id, critiqueId: critique.id, problemId: 'p0', index: 1 });
    expect(joined).toBe(true);
    expect(collected.refined[0]?.refinement.problemLogprobs).toBeNull();
    expect(run.tokenizer.decode(refinement.promptTokens)).toMatch(/Answer: 61\.\s*<eos>\s*<c>\s*The answer is wrong\.\s*<r>$/);
  });

  it('count every token sampled', async () => {
    const { collected } = await collect([{ rollouts: 'WC', refinements: 'RR' }]);
    const all = [...collected.rollouts, ...collected.refined.map(({ refinement }) => refinement)];
    expect(collected.tokensSampled).toBe(all.reduce((total, { tokens }) => total + tokens.length, 0));
    expect(collected.tokensSampled).toBeGreaterThan(0);
  });
});

describe('critiques', () => {
  const fates = [{ rollouts: 'RR' }, { rollouts: 'RW', refinements: 'RRR' }, { rollouts: 'WWW', refinements: 'RRR' }];
  it.each([
    ['allWrong', 2, ['p2', 'p2']],
    ['anyWrong', 2, ['p1', 'p2', 'p2']],
    ['anyWrong', 1, ['p1', 'p2']],
    ['always', 2, ['p0', 'p0', 'p1', 'p1', 'p2', 'p2']],
    ['always', 0, []],
  ] as const)('with trigger %s, at most %i a problem', async (trigger, critiquesPerProblem, expected) => {
    const { collected } = await collect(fates, { config: { switches: { nRollouts: 3, trigger, critiquesPerProblem } } });
    expect(collected.critiques.map(({ rolloutId }) => rolloutId.split('/')[2])).toEqual(expected);
    expect(stepMetrics(collected)['critiques']).toBe(expected.length);
  });
});

describe('refinements', () => {
  it.each([
    ['rightFirst', 1, ['r2']],
    ['rightFirst', 2, 2],
    ['rightOnly', 2, ['r2']],
    ['random', 3, ['r0', 'r1', 'r2']],
  ] as const)('join as %s chooses, at most %i', async (refinementSelection, kRefinements, expected) => {
    const { collected } = await collect([{ rollouts: 'WWW', refinements: 'WWR' }], {
      config: { switches: { nRollouts: 3, critiquesPerProblem: 3, refinementSelection, kRefinements } },
    });
    const joined = collected.refined.filter((entry) => entry.joined).map(({ rollout }) => rollout.id.split('/')[3]);
    if (typeof expected === 'number') expect(joined).toHaveLength(expected);
    else expect(joined).toEqual(expected);
    expect(joined).toContain('r2');
  });

  it('that were cut off are kept and never join', async () => {
    const { collected, engine } = await collect([{ rollouts: 'WW', refinements: 'CC' }]);
    expect(collected.refined.map(({ joined, refinement }) => [joined, refinement.finish])).toEqual([
      [false, 'length'],
      [false, 'length'],
    ]);
    expect(summary(collected)).toEqual(['p0 allWrong (no signal): r0=0 r1=0']);
    expect(engine.callsOf('forward')).toEqual([]);
    expect(stepMetrics(collected)).toMatchObject({ refinementsTruncated: 2, refinementsJoined: 0 });
  });

  it('are trained from the problem alone; the condition gap says how much likelier the critique made them', async () => {
    const { collected, engine, run } = await collect([{ rollouts: 'WW', refinements: 'RR' }]);
    const member = collected.groups[0]?.members.find(({ origin }) => origin === 'refinement');
    expect(member?.behaviorLogprobs).toEqual(member?.tokens.map(() => scriptedLogprobs.policy));
    const [sequence] = engine.callsOf('forward')[0]?.sequences ?? [];
    expect([...(sequence?.tokens ?? [])]).toEqual([...run.promptOf(run.trainProblems[0] as never), ...(member?.tokens ?? [])]);
    expect(stepMetrics(collected)['conditionGap']).toBeCloseTo(scriptedLogprobs.sampled - scriptedLogprobs.policy, 6);
  });

  it('of the control without critique are second samples of the problem’s own prompt', async () => {
    const { collected, engine, run } = await collect([{ rollouts: 'WW' }], { config: { critic: 'resample' } });
    const own = run.promptOf(run.trainProblems[0] as never);
    expect(engine.callsOf('sample')[1]?.request.prompts).toEqual([own, own]);
    const seeds = engine.callsOf('sample').flatMap(({ request }) => request.seeds.flat());
    expect(new Set(seeds).size).toBe(4);
    expect(collected.critiques.map(({ kind, text }) => [kind, text])).toEqual([
      ['resample', ''],
      ['resample', ''],
    ]);
  });

  it('whose prompt does not fit the context are left out with a notice', async () => {
    const made = await scriptedRun({ problems: problems(1), script: scriptOf([{ rollouts: 'WW' }]) });
    const scope = new StepScope(1, 0);
    const collected = await collectStep({ ...made.run, refinementPromptOf: () => null }, scope, made.run.trainProblems);
    expect(scope.notices.map(({ code, message }) => [code, /p0\/r[01] does not fit the context of 512 tokens/.test(message)])).toEqual([
      ['refinement.promptTooLong', true],
      ['refinement.promptTooLong', true],
    ]);
    expect(collected.refined).toEqual([]);
    expect(collected.critiques).toHaveLength(2);
    expect(made.engine.callsOf('sample')).toHaveLength(1);
  });
});
