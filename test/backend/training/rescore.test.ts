/** Grading a run's history again: what would have been different, beside what was. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { numeric } from '../../../backend/rewards/numeric.ts';
import type { Verifier } from '../../../backend/rewards/verifier.ts';
import { rescore } from '../../../backend/training/rescore.ts';
import { runTrial } from '../../../backend/training/trial.ts';
import { train } from '../../../backend/training/trainer.ts';
import { problems, scriptedRun, scriptOf, type Fate, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';
import { liveRun, traceOf } from './liveRun.ts';

const idle = new AbortController().signal;

async function trained(fates: readonly Fate[], config: ScriptedRunOptions['config'] = {}): Promise<ScriptedRun> {
  const made = await scriptedRun({
    problems: problems(fates.length),
    script: scriptOf(fates),
    config: { switches: { trigger: 'anyWrong' }, ...config },
  });
  await train(made.run);
  return made;
}

/** A reward function that gives the reward that `body` says. */
function functionIn({ workspace }: ScriptedRun, body: string): string {
  const path = join(workspace, 'reward.py');
  writeFileSync(
    path,
    `import re, sys\n\ndef reward(input):\n    number = int((re.findall(r'Answer: (\\d+)', input['completion']) or ['0'])[-1])\n    ${body}\n`,
  );
  return path;
}

const again = (made: ScriptedRun, verifier?: string): ReturnType<typeof rescore> =>
  rescore(made.store, { runId: 'run', graderEntry: '', signal: idle, ...(verifier === undefined ? {} : { verifier }) });

describe('with the same verifier', () => {
  it.each<[string, ScriptedRunOptions['config']]>([
    ['critique-grpo', {}],
    ['grpo', { algorithm: 'grpo' }],
    ['dr-grpo', { algorithm: 'dr-grpo' }],
    ['sft', { algorithm: 'sft' }],
    ['luffy', { algorithm: 'luffy' }],
  ])('nothing would have been different (%s)', async (_, config) => {
    const made = await trained(
      [{ rollouts: 'WR', refinements: 'RR' }, { rollouts: 'WW', refinements: 'WR' }, { rollouts: 'RR' }, { rollouts: 'CW' }],
      config,
    );
    const before = traceOf(made.store);
    const report = await again(made);
    expect(report).toMatchObject({ id: 'rescoring1', runId: 'run', verifier: 'numeric', changed: [], groups: [], groupsTotal: 4 });
    expect(report.graded).toBe(report.total);
    expect(report.counts.every(({ before: old, after }) => old === after)).toBe(true);
    expect(traceOf(made.store)).toEqual(before);
  });

  it('also where the verifier came to no judgment on a demonstration', async () => {
    const verifier: Verifier = {
      ...numeric,
      verify(input) {
        if (input.completion.startsWith('Step 1')) throw new Error('it tripped');
        return numeric.verify(input);
      },
    };
    const made = await scriptedRun({
      problems: problems(1),
      script: scriptOf([{ rollouts: 'WW' }]),
      config: { algorithm: 'luffy' },
      parts: { verifier },
    });
    await train(made.run);
    expect(made.store.group('run', 'run/1/p0')?.group.members).toHaveLength(2);
    expect(await again(made)).toMatchObject({ changed: [], groups: [], groupsTotal: 1 });
  });

  it('also of a longer run with guests and trials', async () => {
    const made = await liveRun();
    await train(made.run);
    const [review] = made.store.critiquesToReview('run');
    await runTrial(made.run, { critiqueId: review?.critique.id ?? '', samples: 3 });
    const report = await again(made);
    expect(report).toMatchObject({ changed: [], groups: [] });
    expect(report.graded).toBe(report.total);
    expect(report.total).toBeGreaterThan(30);
  });
});

describe('with another verifier', () => {
  it('says which answers and groups would have been others, and leaves all as it was', async () => {
    const made = await trained([{ rollouts: 'WW', refinements: 'WW' }, { rollouts: 'RR' }, { rollouts: 'WR', refinements: 'WW' }]);
    const before = traceOf(made.store);
    // The wrong answers of the script are 60 and more: the first rollout's is right now, and so is whatever was.
    const report = await again(made, functionIn(made, 'return number == 60 or number < 20'));
    expect(report.counts).toEqual([
      { before: 'right', after: 'right', count: 3 },
      { before: 'wrong', after: 'right', count: expect.any(Number) as number },
      { before: 'wrong', after: 'wrong', count: expect.any(Number) as number },
    ]);
    expect(report.changed.length).toBe(report.counts[1]?.count);
    expect(report.changed.find(({ rolloutId }) => rolloutId === 'run/1/p0/r0')).toMatchObject({
      isRefinement: false,
      step: 1,
      problemId: 'p0',
      before: { status: 'wrong', verifier: 'numeric' },
      after: { status: 'right', verifier: 'reward.py' },
    });
    const [p0, p2] = report.groups;
    expect(report.groups.map(({ groupId }) => groupId)).toEqual(['run/1/p0', 'run/1/p2']);
    expect(p0).toMatchObject({ before: { kind: 'allWrong', zeroSignal: true }, after: { kind: 'mixed', zeroSignal: false, excluded: 0 } });
    expect(p2).toMatchObject({ before: { kind: 'mixed' }, after: { kind: 'allRight' } });
    expect(p0?.advantageChange).toBeGreaterThan(0.1);
    expect(traceOf(made.store)).toEqual(before);
    expect(made.store.attempt('run', 'run/1/p0/r0')?.verdict).toMatchObject({ status: 'wrong', verifier: 'numeric' });
  }, 30_000);

  it('a judge that fails leaves its answers out, as in training', async () => {
    const made = await trained([{ rollouts: 'RW', refinements: 'WW' }]);
    const report = await again(made, functionIn(made, 'return 1 / (number - 15)'));
    expect(report.groups).toMatchObject([{ before: { kind: 'mixed', excluded: 0 }, after: { excluded: 1 } }]);
    expect(report.changed[0]?.after).toMatchObject({
      status: 'failed',
      cause: 'verifierFailed',
      reason: expect.stringMatching(/ZeroDivisionError/u) as string,
    });
  }, 30_000);

  it('a refinement that it comes to no judgment on is left out, too', async () => {
    const made = await trained([{ rollouts: 'WW', refinements: 'RR' }]);
    const [refinement] = made.store.group('run', 'run/1/p0')?.group.members.filter(({ origin }) => origin === 'refinement') ?? [];
    expect(refinement?.advantage).toBeGreaterThan(0);
    const report = await again(made, functionIn(made, 'return 1 / (number - 15)'));
    expect(report.groups).toMatchObject([{ before: { kind: 'rescued' }, after: { kind: 'allWrong' } }]);
    const [group] = report.groups;
    expect(group?.advantageChange).toBeCloseTo(refinement?.advantage ?? 0, 9);
  }, 30_000);

  it('a reward that differs alone changes advantages', async () => {
    const made = await trained([{ rollouts: 'RW', refinements: 'WW' }], { algorithm: 'dr-grpo' });
    const report = await again(made, functionIn(made, 'return 1 if number == 15 else 0.25'));
    expect(report.counts.every(({ before, after }) => before === after)).toBe(true);
    expect(report.groups).toMatchObject([{ before: { kind: 'mixed' }, after: { kind: 'mixed' }, advantageChange: 0.125 }]);
  }, 30_000);

  it('is kept each time, and listed newest first', async () => {
    const made = await trained([{ rollouts: 'RW' }]);
    await again(made, 'exact');
    await again(made);
    expect(made.store.rescorings('run').map(({ id, verifier, graded, total }) => [id, verifier, graded === total])).toEqual([
      ['rescoring2', 'numeric', true],
      ['rescoring1', 'exact', true],
    ]);
  });
});

it('tells how far it is, and keeps what it has when it is stopped', async () => {
  const made = await liveRun();
  await train(made.run);
  const progress: number[][] = [];
  const controller = new AbortController();
  const rescoring = rescore(made.store, {
    runId: 'run',
    graderEntry: '',
    signal: controller.signal,
    onProgress: (done, total) => {
      progress.push([done, total]);
      if (done > 0) controller.abort();
    },
  });
  await expect(rescoring).rejects.toMatchObject({ name: 'AbortError' });
  const [kept] = made.store.rescorings('run');
  expect(progress[0]).toEqual([0, kept?.total]);
  expect(kept?.graded).toBe(progress.at(-1)?.[0]);
  expect(kept?.graded).toBeLessThan(kept?.total ?? 0);
});

it('refuses what is not there', async () => {
  const made = await scriptedRun({ problems: problems(1), script: scriptOf([{ rollouts: 'R' }]) });
  await expect(again(made, 'strange')).rejects.toMatchObject({ code: 'verifier.unknown' });
  await expect(again(made, './nowhere.py')).rejects.toMatchObject({ code: 'verifier.missing' });
  await expect(rescore(made.store, { runId: 'none', graderEntry: '', signal: idle })).rejects.toMatchObject({ code: 'run.missing' });
  expect(made.store.rescorings('run')).toEqual([]);
});
