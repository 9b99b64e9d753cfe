/** Further problems for groups without a signal: which, how many, what becomes of the others, and that a step made again has the same. */
import { describe, expect, it } from 'vitest';
import { collectWithSignal } from '../../../backend/training/dynamicSampling.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { train } from '../../../backend/training/trainer.ts';
import { problems, scriptedRun, scriptOf, type Fate } from '../../support/scriptedRun.ts';
import { liveConfig, liveRun, traceOf, weightyScript } from './liveRun.ts';

/** Problems by letter: those of `S` teach, those of `0` do not. */
async function sampled(fates: string, drawn: number, rounds: number, seed = 0) {
  const made = await scriptedRun({
    problems: problems(fates.length),
    script: scriptOf([...fates].map((letter): Fate => ({ rollouts: letter === 'S' ? 'RW' : 'WW' }))),
    config: { algorithm: 'grpo', seed, switches: { dynamicSampling: rounds } },
  });
  const scope = new StepScope(1, 0);
  return { ...made, ...(await collectWithSignal(made.run, scope, made.run.trainProblems.slice(0, drawn))) };
}

const idsOf = (groups: readonly { readonly problem: { readonly id: string } }[]): string[] => groups.map(({ problem }) => problem.id);

describe('dynamic sampling', () => {
  it('draws as many problems as are missing, until every group has a signal', async () => {
    const { groups, trained, engine } = await sampled('0SS000SSSS', 4, 20);
    expect(idsOf(groups).slice(0, 4)).toEqual(['p0', 'p1', 'p2', 'p3']);
    expect(trained).toHaveLength(4);
    expect(trained.every(({ group }) => !group.zeroSignal)).toBe(true);
    expect(new Set(idsOf(groups)).size).toBe(groups.length);
    const rounds = engine.callsOf('sample').map(({ prompts }) => prompts.length);
    expect(rounds[0]).toBe(4);
    expect(rounds[1]).toBe(2);
    expect(rounds.every((size, i) => i === 0 || size <= (rounds[i - 1] ?? 0))).toBe(true);
  });

  it('keeps the groups without signal, and counts them', async () => {
    const { groups, trained } = await sampled('00SSSSSS', 2, 5);
    expect(groups.length - trained.length).toBeGreaterThanOrEqual(2);
    expect(groups.filter(({ group }) => group.zeroSignal)).toHaveLength(groups.length - trained.length);
  });

  it.each([
    ['the rounds are used up', '0'.repeat(20), 3, 8, 0],
    ['the problems are used up', '0000', 20, 4, 0],
    ['it is off', '0S', 0, 2, 2],
  ])('ends when %s, and trains on what it has', async (_, fates, rounds, groups, trained) => {
    const made = await sampled(fates, 2, rounds);
    expect(made.groups).toHaveLength(groups);
    expect(made.trained).toHaveLength(trained);
  });

  it('passes over groups that differ in length alone', async () => {
    const made = await scriptedRun({
      problems: problems(2),
      // Both answers to the first problem are wrong, and one is longer.
      script: ({ prompt, index }) => {
        const isRight = prompt.includes('has 11 beads') && index === 0;
        return isRight ? 'Answer: 16.' : index === 0 ? 'Step 1: 10 + 5 = 60. Answer: 60.' : 'Answer: 60.';
      },
      config: { algorithm: 'dapo', switches: { dynamicSampling: 1, overlongBuffer: 1 } },
    });
    const { groups, trained } = await collectWithSignal(made.run, new StepScope(1, 0), made.run.trainProblems);
    expect(groups.map(({ group }) => [group.kind, group.zeroSignal])).toEqual([
      ['allWrong', false],
      ['mixed', false],
    ]);
    expect(idsOf(trained)).toEqual(['p1']);
  });

  it('draws by seed and step', async () => {
    const [first, second, other] = [await sampled('0'.repeat(20), 4, 2), await sampled('0'.repeat(20), 4, 2), await sampled('0'.repeat(20), 4, 2, 1)];
    expect(idsOf(second.groups)).toEqual(idsOf(first.groups));
    expect(idsOf(other.groups)).not.toEqual(idsOf(first.groups));
  });
});

const config = { ...liveConfig, switches: { ...liveConfig.switches, dynamicSampling: 3 } };

describe('a run with dynamic sampling', () => {
  it('records every group and trains on those with a signal', async () => {
    const made = await liveRun({ config });
    await train(made.run);
    const updates = made.store.updates('run');
    expect(updates.some(({ metrics }) => (metrics['groupsFiltered'] ?? 0) > 0)).toBe(true);
    for (const { metrics } of updates) {
      expect(metrics['groupsFiltered']).toBe(metrics['groupsZeroSignal']);
      expect(metrics['groups']).toBeGreaterThanOrEqual(2);
    }
    const finished = made.events.filter(({ body }) => body.type === 'groupFinished');
    expect(finished).toHaveLength(updates.reduce((total, { metrics }) => total + (metrics['groups'] ?? 0), 0));
  });

  it.each([
    ['in its first further problems', 'sample', 5],
    ['in the backward pass', 'forwardBackward', 3],
  ] as const)('stopped %s goes on to the identical trace', async (_, method, at) => {
    const whole = await liveRun({ config });
    await train(whole.run);
    const stopped: Awaited<ReturnType<typeof liveRun>> = await liveRun({
      config,
      script: weightyScript,
      fault: (called, earlier) => {
        if (called === method && earlier === at) stopped.controller.abort(new Error('stop'));
      },
    });
    await expect(train(stopped.run)).resolves.toMatchObject({ reason: 'interrupted' });
    const resumed = await liveRun({ config, after: stopped });
    await expect(train(resumed.run)).resolves.toMatchObject({ reason: 'finished' });
    expect(traceOf(resumed.store)).toEqual(traceOf(whole.store));
  });
});
