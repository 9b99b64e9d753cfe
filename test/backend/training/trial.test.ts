/** Trials and counterfactual critiques: what they sample, what they record, and how they fail. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import { wilsonInterval } from '../../../backend/core/stats.ts';
import { counterfactual } from '../../../backend/training/counterfactual.ts';
import { train } from '../../../backend/training/trainer.ts';
import { runTrial } from '../../../backend/training/trial.ts';
import { completionOf, problem, problems, scriptedRun, told, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';
import type { Script } from '../../support/scriptedEngine.ts';
import { wrongRollout } from '../../support/wrongRollout.ts';

/** Wrong at first; every second refinement of a critique that says what to do is right. */
const script: Script = ({ prompt, index }) => {
  const i = Number(/has (\d+) beads/.exec(prompt)?.[1]) - 10;
  return completionOf(prompt.includes('Add 5') && index % 2 === 0 ? 'R' : 'W', i, index);
};

async function trained(
  options: Partial<ScriptedRunOptions> = {},
): Promise<ScriptedRun & { readonly rolloutId: string; readonly critiqueId: string }> {
  const made = await scriptedRun({ problems: problems(1), script, ...options });
  await train(made.run);
  const rolloutId = wrongRollout(made.store);
  const base = made.store.critiqueInForce('run', rolloutId);
  const critique = made.store.reviseCritique({ runId: 'run', baseId: base?.id ?? '', text: 'Add 5.', author: 'ann' });
  return { ...made, rolloutId, critiqueId: critique.id };
}

describe('a trial', () => {
  it('refines m times in one call, grades, keeps and tells', async () => {
    const made = await trained();
    const calls = made.engine.callsOf('sample').length;
    const progress: number[][] = [];
    const trial = await runTrial(made.run, { critiqueId: made.critiqueId, samples: 5, onProgress: (done, total) => progress.push([done, total]) });
    const sampled = made.engine.callsOf('sample').slice(calls);
    expect(sampled.map(({ request }) => request.seeds.map((seeds) => new Set(seeds).size))).toEqual([[5]]);
    expect(sampled[0]?.prompts[0]).toMatch(/has 10 beads.*Answer: 6\d\..*Add 5\./s);
    expect(progress).toEqual([[1, 5 * 24]]);
    expect(trial).toMatchObject({
      id: `${made.critiqueId}/trial1`,
      critiqueId: made.critiqueId,
      rolloutId: made.rolloutId,
      problemId: 'p0',
      policyVersion: 0,
    });
    expect(trial.refinements.map(({ refinement, verdict }) => [refinement.id, verdict?.status])).toEqual(
      ['right', 'wrong', 'right', 'wrong', 'right'].map((status, i) => [`${made.critiqueId}/trial1/${i}`, status]),
    );
    expect(trial.success).toEqual({ right: 3, total: 5, interval: wilsonInterval(3, 5) });
    expect(made.store.critiqueHistory('run', made.rolloutId).map(({ critique, trials }) => [critique.kind, trials])).toEqual([
      ['verdict', []],
      ['human', [trial]],
    ]);
    expect(told(made.store.eventsAfter(0, 1000)).at(-1)).toBe(`trialFinished ${made.critiqueId}/trial1 3/5`);
    const again = await runTrial(made.run, { critiqueId: made.critiqueId, samples: 1 });
    expect(again.id).toBe(`${made.critiqueId}/trial2`);
    expect(again.refinements[0]?.refinement.seed).not.toBe(trial.refinements[0]?.refinement.seed);
  });

  it('is no part of training: neither of its groups nor of its funnel', async () => {
    const made = await trained();
    const before = {
      funnel: made.store.funnel('run').kinds.filter(({ kind }) => kind !== 'human'),
      groups: made.store.group('run', 'run/1/p0')?.group,
    };
    const base = made.store.attempt('run', made.rolloutId)?.critiques[0];
    await runTrial(made.run, { critiqueId: base?.id ?? '', samples: 4 });
    await runTrial(made.run, { critiqueId: made.critiqueId, samples: 4 });
    const { kinds } = made.store.funnel('run');
    expect(kinds.filter(({ kind }) => kind !== 'human')).toEqual(before.funnel);
    expect(kinds.find(({ kind }) => kind === 'human')).toMatchObject({ critiqued: 1, refined: 0 });
    expect(made.store.group('run', 'run/1/p0')).toMatchObject({ group: before.groups, guests: [] });
    expect(made.store.attempt('run', made.rolloutId)?.refinements).toHaveLength(9);
  });

  it('leaves no trace when it is aborted or finds nothing', async () => {
    const made = await trained();
    const seq = made.store.lastSeq();
    const aborted = { ...made.run, signal: AbortSignal.abort(new Error('enough')) };
    await expect(runTrial(aborted, { critiqueId: made.critiqueId, samples: 3 })).rejects.toThrow('enough');
    await expect(runTrial(made.run, { critiqueId: 'nothing', samples: 3 })).rejects.toMatchObject({ code: 'critique.missing' });
    const narrow = { ...made.run, refinementPromptOf: () => null };
    await expect(runTrial(narrow, { critiqueId: made.critiqueId, samples: 3 })).rejects.toMatchObject({ code: 'refinement.promptTooLong' });
    expect([made.store.lastSeq(), made.store.trial('run', `${made.critiqueId}/trial1`)]).toEqual([seq, null]);
  });
});

describe('counterfactual critiques', () => {
  it('put one failed answer to several critics, in one call', async () => {
    const made = await trained();
    const calls = made.engine.callsOf('sample').length;
    const entries = await counterfactual(made.run, {
      rolloutId: made.rolloutId,
      critics: ['none', 'verdict', 'verdict-answer', 'stepLevel', 'human'],
      humanText: 'Add 5 of them.',
      samples: 4,
    });
    expect(made.engine.callsOf('sample').slice(calls)).toHaveLength(1);
    expect(entries.map(({ critic, text, error, success }) => [critic, text, error, success.right, success.total])).toEqual([
      ['none', '', null, 0, 4],
      ['verdict', 'The answer is wrong.', null, 0, 4],
      ['verdict-answer', 'The answer is wrong. The right answer is 15.', null, 0, 4],
      ['stepLevel', 'Step 1 is missing: use + 5.', null, 0, 4],
      ['human', 'Add 5 of them.', null, 2, 4],
    ]);
    expect(entries[4]?.success.interval).toEqual(wilsonInterval(2, 4));
    const kept = entries.flatMap(({ refinements }) => refinements.map(({ refinement }) => made.store.refinement('run', refinement.id)));
    expect(kept).toEqual(entries.flatMap(({ refinements }) => refinements));
    // The plain attempt sees the problem alone.
    expect(entries[0]?.refinements[0]?.refinement.promptTokens).toEqual(made.run.promptOf(problem(0)));
    const again = await counterfactual(made.run, { rolloutId: made.rolloutId, critics: ['none'], samples: 1 });
    expect(again[0]?.refinements[0]?.refinement.id).toBe(`${made.rolloutId}/counterfactual/none/trial2/0`);
  });

  it('say why a critic has nothing to say', async () => {
    const { solution: _, ...unsolved } = problem(0);
    const made = await trained({ problems: [unsolved] });
    const entries = await counterfactual(made.run, { rolloutId: made.rolloutId, critics: ['stepLevel', 'sage', 'human', 'verdict'], samples: 2 });
    expect(entries.map(({ critic, error, refinements }) => [critic, error === null, refinements.length])).toEqual([
      ['stepLevel', false, 0],
      ['sage', false, 0],
      ['verdict', true, 2],
      ['human', false, 0],
    ]);
    expect(entries[0]?.error).toMatch(/reference solution/);
    expect(entries[1]?.error).toMatch(/no critic named "sage"/);
    expect(entries[0]?.success).toEqual({ right: 0, total: 0, interval: [0, 1] });
    await expect(counterfactual(made.run, { rolloutId: 'nothing', critics: [], samples: 1 })).rejects.toMatchObject({ code: 'rollout.missing' });
  });

  it('fail with the engine, not with a critic that asks it', async () => {
    const died = new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: 'Resume.' });
    let isArmed = false;
    const made = await trained({
      fault: () => {
        if (isArmed) throw died;
      },
    });
    isArmed = true;
    await expect(counterfactual(made.run, { rolloutId: made.rolloutId, critics: ['self'], samples: 1 })).rejects.toBe(died);
    isArmed = false;
    const entries = await counterfactual(made.run, { rolloutId: made.rolloutId, critics: ['self'], samples: 1 });
    expect(entries).toMatchObject([{ critic: 'self', error: null, refinements: [{}] }]);
    expect(entries[0]?.text).toMatch(/Answer/);
  });

  it('go on without a critic whose words do not fit', async () => {
    const made = await trained();
    const narrow: typeof made.run = {
      ...made.run,
      refinementPromptOf: (asked, rollout, critique) => (critique.length > 20 ? null : made.run.refinementPromptOf(asked, rollout, critique)),
    };
    const entries = await counterfactual(narrow, { rolloutId: made.rolloutId, critics: ['verdict-answer', 'none'], samples: 1 });
    expect(entries.map(({ error }) => error === null)).toEqual([false, true]);
  });
});
