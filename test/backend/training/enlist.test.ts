/** "Train on this": what a person's critique changes in the steps after it, and that a resumed run repeats it. */
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Critique } from '../../../backend/protocol/records.ts';
import type { Store } from '../../../backend/store/store.ts';
import { enlistCritique } from '../../../backend/training/enlist.ts';
import { train } from '../../../backend/training/trainer.ts';
import type { Fault } from '../../support/scriptedEngine.ts';
import { completionOf, problems, scriptedRun, told, type ScriptedRun } from '../../support/scriptedRun.ts';
import { wrongRollout } from '../../support/wrongRollout.ts';
import { liveConfig, liveRun, traceOf } from './liveRun.ts';

const died = new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: 'Resume.' });

/** A person's revision of the rollout's critique, or the first one. */
function write(store: Store, rolloutId: string, text: string): Critique {
  const base = store.critiqueInForce('run', rolloutId);
  return base === null
    ? store.writeCritique({ runId: 'run', rolloutId, text, author: 'ann' })
    : store.reviseCritique({ runId: 'run', baseId: base.id, text, author: 'ann' });
}

/** Enlists a critique of a wrong rollout when the step is finished, as the run tells it. Returns what was enlisted. */
function enlistAfter({ store }: Pick<ScriptedRun, 'store'>, step: number): { critique?: Critique } {
  const made: { critique?: Critique } = {};
  store.onEvents((events) => {
    const isFinished = events.some(({ body }) => body.type === 'stepFinished' && body.update.step === step);
    if (!isFinished || made.critique !== undefined) return;
    made.critique = write(store, wrongRollout(store), 'Add 5 beads.');
    enlistCritique(store, 'run', made.critique.id, 'ann');
  });
  return made;
}

describe('an enlisted critique', () => {
  it('takes part from the next step on, in the group of its problem', async () => {
    const made = await liveRun({ config: { ...liveConfig, training: { steps: 6, problemsPerStep: 1 } } });
    const enlisted = enlistAfter(made, 2);
    await train(made.run);
    const { critique } = enlisted;
    if (critique === undefined) throw new Error('nothing was enlisted');
    const { problemId } = made.store.attempt('run', critique.rolloutId)?.rollout ?? { problemId: '' };
    const group = made.store.group('run', `run/3/${problemId}`);
    const policyVersion = made.store.updates('run')[1]?.policyVersion;
    expect(group?.guests).toMatchObject([
      {
        critique: { id: critique.id, kind: 'human', text: 'Add 5 beads.', author: 'ann' },
        refinement: { id: `${critique.id}/step3`, critiqueId: critique.id, rolloutId: critique.rolloutId, step: 3, policyVersion },
      },
    ]);
    expect(group?.attempts).toHaveLength(3);
    expect(group?.attempts.map(({ rollout }) => rollout.step)).toEqual([3, 3, 3]);
    const prompts = made.engine.callsOf('sample').flatMap(({ prompts: list }) => list);
    expect(prompts.filter((prompt) => prompt.includes('Add 5 beads.'))).not.toEqual([]);
    // Drawn problems bring it in again; others do not.
    const steps = made.store.problemHistory('run', problemId)?.visits.map(({ step }) => step) ?? [];
    const withGuest = steps.filter((step) => (made.store.group('run', `run/${step}/${problemId}`)?.guests.length ?? 0) > 0);
    expect(withGuest).toEqual(steps.filter((step) => step >= 3));
    expect(withGuest.every((step) => made.store.updates('run')[step - 1]?.metrics['refinements.human'] === 1)).toBe(true);
    expect(told(made.events).filter((text) => text.startsWith('critique'))).toEqual([]);
    expect(told(made.store.eventsAfter(0, 1000)).filter((text) => text.startsWith('critique'))).toEqual([
      `critiqueRevised ${critique.id}`,
      `critiqueEnlisted ${critique.id} 3`,
    ]);
    expect(made.store.runSummary('run')?.isHumanTouched).toBe(true);
  });

  it.each([
    ['a right one', 'R', 'R', 1],
    ['a wrong one where nothing is right', 'W', 'W', 1],
    ['no wrong one where another is right', 'W', 'R', 0],
  ])('joins the group before generated ones: %s', async (_, human, generated, joined) => {
    const script: Parameters<typeof scriptedRun>[0]['script'] = ({ prompt, index }) => {
      const letter = prompt.includes('Add 5 beads.') ? human : prompt.includes('wrong') ? generated : 'W';
      return completionOf(letter, 0, index);
    };
    const config = { training: { steps: 2 }, switches: { nRollouts: 2, critiquesPerProblem: 2, kRefinements: 1, trigger: 'anyWrong' } } as const;
    const made = await scriptedRun({ problems: problems(1), script, config });
    const { critique } = await (async () => {
      const enlisted = enlistAfter(made, 1);
      await train(made.run);
      return enlisted;
    })();
    const group = made.store.group('run', 'run/2/p0');
    const ids = group?.group.members.filter(({ origin }) => origin === 'refinement').map(({ id }) => id) ?? [];
    expect(ids).toHaveLength(1);
    expect(ids.filter((id) => id === `${critique?.id ?? ''}/step2`)).toHaveLength(joined);
    expect(group?.guests).toHaveLength(1);
    expect((group?.guests[0]?.refinement.problemLogprobs ?? null) !== null).toBe(joined === 1);
  });

  it('stays with the revision enlisted until a newer one is, and ends when withdrawn', async () => {
    const made = await liveRun({ config: { ...liveConfig, training: { steps: 6, problemsPerStep: 1 } } });
    const enlisted = enlistAfter(made, 1);
    const active: string[][] = [];
    made.store.onEvents((events) => {
      for (const { body } of events) {
        if (body.type !== 'stepFinished') continue;
        const { critique } = enlisted;
        if (critique === undefined) throw new Error('nothing was enlisted');
        if (body.update.step === 2) made.store.reviseCritique({ runId: 'run', baseId: critique.id, text: 'Add 5 to it.', author: 'bob' });
        if (body.update.step === 3) enlistCritique(made.store, 'run', `${critique.rolloutId}/critique~3`, 'bob');
        if (body.update.step === 4) made.store.withdraw('run', `${critique.rolloutId}/critique~3`);
        active.push(made.store.activeEnlistments('run', body.update.step).map(({ critiqueId }) => critiqueId.slice(critique.rolloutId.length)));
      }
    });
    await train(made.run);
    expect(active).toEqual([[], ['/critique~2'], ['/critique~2'], ['/critique~3'], [], []]);
    expect(made.store.critiqueHistory('run', enlisted.critique?.rolloutId ?? '').map(({ enlistment }) => enlistment)).toMatchObject([
      null,
      { fromStep: 2, untilStep: 4, author: 'ann' },
      { fromStep: 4, untilStep: 5, author: 'bob' },
    ]);
  });

  it('is refused where it cannot teach', async () => {
    const enlist = async (made: ScriptedRun): Promise<unknown> => {
      await train(made.run);
      const critique = write(made.store, wrongRollout(made.store), 'Add 5.');
      return (() => {
        try {
          return enlistCritique(made.store, 'run', critique.id, 'ann');
        } catch (error) {
          return error;
        }
      })();
    };
    const short = { ...liveConfig, training: { steps: 1, problemsPerStep: 2 } };
    expect(await enlist(await liveRun({ config: { ...short, humanCritiques: 'exclude' } }))).toMatchObject({ code: 'critique.excluded' });
    expect(await enlist(await liveRun({ config: { ...short, algorithm: 'grpo' } }))).toMatchObject({ code: 'critique.notUsed' });
    expect(await enlist(await liveRun({ config: { ...short, switches: { ...short.switches, kRefinements: 0 } } }))).toMatchObject({
      code: 'critique.notUsed',
    });
    const done = await liveRun({ config: short });
    expect(await enlist(done)).toMatchObject({ code: 'critique.noStep' });
    expect(() => enlistCritique(done.store, 'nowhere', 'x', 'ann')).toThrow(expect.objectContaining({ code: 'run.missing' }) as Error);
  });
});

describe('a run with an enlisted critique', () => {
  it('repeats itself after a death of the engine', async () => {
    const made = await liveRun({ fault: once('optimStep', 4, () => fail(died)) });
    enlistAfter(made, 3);
    await train(made.run);
    expect(made.engines).toHaveLength(2);
    expect(traceOf(made.store)).toEqual(await unbroken());
  });

  it('repeats itself when it is resumed, and is not changed by what was enlisted since', async () => {
    // Step 5 is recorded, the checkpoint is of step 4: step 5 is made again.
    const made = await liveRun({ fault: once('optimStep', 5, () => fail(new Error('the power went'))) });
    const enlisted = enlistAfter(made, 3);
    await expect(train(made.run)).rejects.toThrow('the power went');
    expect(made.store.run('run')).toMatchObject({ state: 'failed', lastStep: 5 });
    expect(made.store.checkpoints('run').map(({ step }) => step)).toEqual([2, 4]);
    const again = await liveRun({ after: made });
    await train(again.run);
    expect(traceOf(again.store)).toEqual(await unbroken());

    const other = await liveRun({ fault: once('optimStep', 5, () => fail(new Error('the power went'))) });
    enlistAfter(other, 3);
    await expect(train(other.run)).rejects.toThrow('the power went');
    const critique = write(other.store, enlisted.critique?.rolloutId ?? '', 'Again: add 5.');
    expect(enlistCritique(other.store, 'run', critique.id, 'ann')).toMatchObject({ fromStep: 6 });
    const resumed = await liveRun({ after: other });
    await train(resumed.run);
    expect(resumed.store.run('run')).toMatchObject({ state: 'finished' });
  });

  it('differs from one without', async () => {
    const made = await liveRun();
    await train(made.run);
    expect(traceOf(made.store)).not.toEqual(await unbroken());
  });
});

/** The trace of the run in which a critique was enlisted after step 3 and nothing else happened; made once. */
function unbroken(): Promise<unknown> {
  known ??= (async () => {
    const made = await liveRun();
    enlistAfter(made, 3);
    await train(made.run);
    return traceOf(made.store);
  })();
  return known;
}
let known: Promise<unknown> | undefined;

/** A fault at the n-th call of a method, over all engines. */
function once(wanted: Parameters<Fault>[0], at: number, act: () => void): Fault {
  let calls = 0;
  return (method) => {
    if (method === wanted && calls++ === at) act();
  };
}

function fail(error: Error): never {
  throw error;
}
