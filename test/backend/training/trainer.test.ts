/** The loop: what is recorded in which order, and how it ends, stops, fails and goes on. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Store } from '../../../backend/store/store.ts';
import { train } from '../../../backend/training/trainer.ts';
import type { Fault, Script } from '../../support/scriptedEngine.ts';
import { completionOf, problems, scriptedRun, scriptOf, told, type ScriptedRun, type ScriptedRunOptions } from '../../support/scriptedRun.ts';

const died = new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: 'Resume.' });

/** Answers that depend on the weights, so that a replay from other weights cannot pass for the same. */
const script: Script = ({ weights, seed, index, prompt }) => {
  const i = Number(/has (\d+) beads/.exec(prompt)?.[1]) - 10;
  const draw = (parseInt(weights.slice(0, 6), 16) || 0) + seed;
  return completionOf('RWWWC'[draw % 5] as string, i, index);
};

const config = {
  training: { steps: 6, problemsPerStep: 2 },
  switches: { nRollouts: 3, trigger: 'anyWrong' },
  evaluation: { every: 2 },
  checkpoint: { every: 2, keep: 2 },
} as const;

function longRun(options: Partial<ScriptedRunOptions> = {}): Promise<ScriptedRun> {
  return scriptedRun({ problems: problems(5), heldOut: problems(2), script, config, ...options });
}

/** Everything a run recorded that must not depend on how it got there. */
function trace(store: Store): unknown {
  const groupIds = store.eventsAfter(0, 10_000).flatMap(({ body }) => (body.type === 'groupFinished' ? [body.groupId] : []));
  return {
    updates: store.updates('run').map(({ seconds: _, ...update }) => update),
    evaluations: store.evaluations('run'),
    failures: [0, 6].map((step) => store.recordedFailures('run', step)),
    groups: groupIds.sort().map((id) => {
      const detail = store.group('run', id);
      return detail === null
        ? null
        : { ...detail, attempts: detail.attempts.map((attempt) => ({ ...attempt, critiques: attempt.critiques.map(({ text }) => text) })) };
    }),
    events: told(store.eventsAfter(0, 10_000))
      // A stop saves a checkpoint more.
      .filter((text) => !/^run(Started|Stopped)|engine\.restarted|checkpointSaved [135]$/.test(text))
      .sort(),
  };
}

/** A fault at the n-th call of a method, over all engines. */
function once(wanted: Parameters<Fault>[0], at: number, act: () => void): Fault {
  let calls = 0;
  return (method) => {
    if (method === wanted && calls++ === at) act();
  };
}

function dies(): never {
  throw died;
}

/** The trace of the run that nothing happens to; made once. */
function unbroken(): Promise<unknown> {
  known ??= (async () => {
    const made = await longRun();
    await train(made.run);
    return trace(made.store);
  })();
  return known;
}
let known: Promise<unknown> | undefined;

describe('a run to the end', () => {
  it('tells of everything in order, after it is in the store', async () => {
    const fates = [{ rollouts: 'RW' }, { rollouts: 'WW', refinements: 'RW' }];
    const made = await scriptedRun({
      problems: problems(2),
      heldOut: problems(2).map((entry) => ({ ...entry, id: `held-${entry.id}` })),
      script: scriptOf(fates),
      config: { training: { steps: 2 }, evaluation: { every: 1 }, checkpoint: { every: 1 } },
    });
    const outcome = await train(made.run);
    const ofStep = (step: number): string[] => ['p0 mixed', 'p1 rescued'].map((group) => `groupFinished ${step} ${group}`).sort();
    const heard = told(made.events);
    expect(heard.filter((text) => !text.startsWith('groupFinished'))).toEqual([
      'runStarted anew',
      'evaluationFinished 0 heldOut',
      'evaluationFinished 0 train',
      'stepFinished 1',
      'evaluationFinished 1 heldOut',
      'checkpointSaved 1',
      'stepFinished 2',
      'evaluationFinished 2 heldOut',
      'evaluationFinished 2 train',
      'checkpointSaved 2',
      'runStopped 2 finished',
    ]);
    for (const step of [1, 2]) expect(heard.filter((text) => text.startsWith(`groupFinished ${step}`)).sort()).toEqual(ofStep(step));
    expect(made.events).toEqual(made.store.eventsAfter(0, 1000));
    expect(made.store.run('run')).toMatchObject({ state: 'finished', lastStep: 2 });
    expect(outcome).toMatchObject({ reason: 'finished', step: 2, updates: 2, before: { step: 0 }, after: { step: 2 } });
    expect(outcome.failuresBefore.map(({ problemId }) => problemId)).toEqual(['p1']);
    expect(outcome.tokensSampled).toBe(made.store.updates('run').reduce((sum, { tokensSampled }) => sum + tokensSampled, 0));
    expect(made.store.updates('run').map(({ policyVersion, metrics }) => [policyVersion, metrics['updates']])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(Object.keys(made.store.updates('run')[0]?.seconds ?? {}).sort()).toEqual(['critique', 'forward', 'grade', 'refine', 'sample', 'update']);
    expect(made.stories.map(({ step, isRefinementRight }) => [step, isRefinementRight])).toEqual([
      [1, true],
      [2, true],
    ]);
  });

  it('takes a problem once where a step reaches into the next pass over the data', async () => {
    const made = await longRun({ problems: problems(3), config: { ...config, training: { steps: 3, problemsPerStep: 2 } } });
    await train(made.run);
    const perStep = [1, 2, 3].map((step) => told(made.events).filter((text) => text.startsWith(`groupFinished ${step} `)));
    for (const groups of perStep) expect(new Set(groups).size).toBe(groups.length);
    const many = await longRun({ problems: problems(2), config: { ...config, training: { steps: 1, problemsPerStep: 5 } } });
    await train(many.run);
    expect(many.store.updates('run')[0]?.metrics['groups']).toBe(2);
  });

  it('does nothing more when it is started again', async () => {
    const made = await longRun();
    const first = await train(made.run);
    const again = await longRun({ after: made });
    expect(await train(again.run)).toEqual(first);
    expect(told(again.events)).toEqual(['runStarted 6', 'runStopped 6 finished']);
    expect(again.engine.calls.map(({ method }) => method)).toEqual(['loadState']);
  });

  it('repeats itself, and another seed differs', async () => {
    const again = await longRun();
    await train(again.run);
    expect(trace(again.store)).toEqual(await unbroken());
    const other = await longRun({ config: { ...config, seed: 1 } });
    await train(other.run);
    expect(trace(other.store)).not.toEqual(await unbroken());
  });
});

describe('a run that is stopped', () => {
  it.each<[string, Parameters<Fault>[0], number, number]>([
    ['while it evaluates before training', 'sample', 1, 0],
    ['in its first rollouts', 'sample', 2, 0],
    ['in the backward pass of step 4', 'forwardBackward', 3, 3],
    ['in the evaluation after step 2', 'sample', 6, 2],
  ])('%s drops the step and goes on from there to the same trace', async (_, method, at, lastStep) => {
    const made: ScriptedRun = await longRun({ fault: once(method, at, () => made.controller.abort()) });
    const outcome = await train(made.run);
    expect(outcome).toMatchObject({ reason: 'interrupted', step: lastStep });
    expect(made.store.run('run')).toMatchObject({ state: 'stopped', lastStep: lastStep === 0 ? null : lastStep });
    expect(readdirSync(made.workspace + '/.critique-grpo', { recursive: true }).some((name) => String(name).endsWith('manifest.json'))).toBe(
      lastStep > 0,
    );

    const resumed = await longRun({ after: made });
    await expect(train(resumed.run)).resolves.toMatchObject({ reason: 'finished', step: 6 });
    expect(told(resumed.events)[0]).toBe(`runStarted ${lastStep === 0 ? 'anew' : lastStep}`);
    expect(trace(made.store)).toEqual(await unbroken());
  });

  it('does not save a second time what it has', async () => {
    const made: ScriptedRun = await longRun({ fault: once('sample', 7, () => made.controller.abort()) });
    await expect(train(made.run)).resolves.toMatchObject({ reason: 'interrupted', step: 2 });
    expect(made.engine.callsOf('saveState')).toHaveLength(1);
  });

  it('with its engine is interrupted all the same', async () => {
    const made: ScriptedRun = await longRun({
      fault: once('forwardBackward', 2, () => {
        made.controller.abort();
        throw died;
      }),
    });
    await expect(train(made.run)).resolves.toMatchObject({ reason: 'interrupted', step: 2 });
    expect(made.events.at(-1)?.body).toMatchObject({ message: 'Stopped after step 2; resume goes on from step 2.' });
    await train((await longRun({ after: made })).run);
    expect(trace(made.store)).toEqual(await unbroken());
  });

  it('is failed when its checkpoint cannot be written', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const made: ScriptedRun = await longRun({
      fault: (method, earlier) => {
        if (method === 'forwardBackward' && earlier === 1) made.controller.abort();
        if (method === 'saveState') throw full;
      },
    });
    await expect(train(made.run)).rejects.toMatchObject({ code: 'store.diskFull' });
    expect(told(made.events).at(-1)).toBe('runStopped 1 failed');
  });
});

describe('a run whose engine dies', () => {
  it.each<[string, Parameters<Fault>[0], number]>([
    ['in the evaluation before training', 'sample', 0],
    ['in the rollouts of step 1', 'sample', 2],
    ['between the stages of step 3', 'forward', 3],
    ['in the backward pass of step 4', 'forwardBackward', 3],
    ['while it saves', 'saveState', 1],
  ])('%s starts it anew and comes to the same trace', async (_, method, at) => {
    const made = await longRun({ fault: once(method, at, dies) });
    await expect(train(made.run)).resolves.toMatchObject({ reason: 'finished', step: 6 });
    expect(made.engines.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
    expect(made.events.flatMap(({ body }) => (body.type === 'noticeRaised' && body.code === 'engine.restarted' ? [body.message] : []))).toEqual([
      expect.stringMatching(
        /The engine died after step \d and was started anew \(1 of at most 3 times in a row\); the run goes on from step \d\. The engine process is gone/,
      ),
    ]);
    expect(trace(made.store)).toEqual(await unbroken());
    expect(new Set(made.stories.map(({ step }) => step)).size).toBe(made.stories.length);
  });

  it('at the same place again and again gives up, however much it replays in between', async () => {
    const made = await longRun({
      config: { ...config, checkpoint: { every: 100 } },
      fault: (method, earlier) => {
        if (method === 'forwardBackward' && earlier === 4) throw died;
      },
    });
    await expect(train(made.run)).rejects.toBe(died);
    expect(made.engines).toHaveLength(4);
    expect(told(made.events).slice(-2)).toEqual(['noticeRaised 4 engine.restarted', 'runStopped 4 failed']);
  });

  it('and cannot be started either gives up', async () => {
    const made = await longRun({ fault: once('forwardBackward', 2, dies) });
    const reopen = (): Promise<never> => Promise.reject(died);
    Object.assign(made.run.engine, { reopen });
    await expect(train(made.run)).rejects.toBe(died);
    expect(told(made.events).at(-1)).toBe('runStopped 2 failed');
  });

  it('more often than that goes on as long as it gets further', async () => {
    let deaths = 0;
    const made = await longRun({
      fault: (method, earlier) => {
        if (method === 'optimStep' && earlier === 1 && deaths++ < 4) throw died;
      },
      config: { ...config, checkpoint: { every: 1 } },
    });
    await expect(train(made.run)).resolves.toMatchObject({ reason: 'finished' });
    expect(made.engines).toHaveLength(5);
  });
});

describe('a run that fails', () => {
  const notFinite = new WorkbenchError({ code: 'engine.notFinite', message: 'A value became NaN.', remedy: 'Lower the learning rate.' });
  it('records why, throws it, and leaves store and checkpoint to go on from', async () => {
    const made = await longRun({
      fault: once('forwardBackward', 4, () => {
        throw notFinite;
      }),
    });
    await expect(train(made.run)).rejects.toBe(notFinite);
    expect(made.store.run('run')).toMatchObject({ state: 'failed', lastStep: 4 });
    expect(made.events.at(-1)?.body).toEqual({ type: 'runStopped', step: 4, reason: 'failed', message: notFinite.message });
    const resumed = await longRun({ after: made });
    await expect(train(resumed.run)).resolves.toMatchObject({ reason: 'finished', step: 6 });
    expect(told(resumed.events)[0]).toBe('runStarted 4');
    expect(trace(made.store)).toEqual(await unbroken());
  });

  it('for lack of a disk throws that, though the failure cannot be recorded either', async () => {
    const made = await longRun();
    const diskFull = new WorkbenchError({ code: 'store.diskFull', message: 'The disk is full.', remedy: 'Free some space.' });
    let isFull = false;
    const store = new Proxy(made.store, {
      get: (target, name) => {
        if (name === 'record') {
          return (batch: Parameters<Store['record']>[0]) => {
            isFull ||= batch.updates?.[0]?.step === 4;
            if (isFull) throw diskFull;
            return target.record(batch);
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    await expect(train({ ...made.run, store })).rejects.toBe(diskFull);
    await train((await longRun({ after: made })).run);
    expect(trace(made.store)).toEqual(await unbroken());
  });

  it('because the policy samples numbers that are not finite says so, though no reward would', async () => {
    const made = await longRun();
    const { engine } = made;
    const sample = engine.sample.bind(engine);
    let calls = 0;
    engine.sample = async (request, options) => {
      const result = await sample(request, options);
      if (++calls === 3) result.sequences[1]?.[2]?.logprobs.fill(NaN, 1);
      return result;
    };
    await expect(train(made.run)).rejects.toMatchObject({
      code: 'engine.notFinite',
      message: expect.stringMatching(/Token 2 of a completion of prompt 2 of \d+/) as string,
    });
    expect(made.store.run('run')?.state).toBe('failed');
  });
});
