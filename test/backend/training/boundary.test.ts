/** Work between two steps: when it is served, that a pause waits, and that nothing of it shows in the run's trace. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import { BoundaryWork } from '../../../backend/training/boundary.ts';
import { counterfactual } from '../../../backend/training/counterfactual.ts';
import { evaluateNow } from '../../../backend/training/evaluateNow.ts';
import type { Run } from '../../../backend/training/run.ts';
import { tokenDetail } from '../../../backend/training/tokens.ts';
import { train } from '../../../backend/training/trainer.ts';
import { runTrial } from '../../../backend/training/trial.ts';
import { wrongRollout } from '../../support/wrongRollout.ts';
import { liveRun, traceOf } from './liveRun.ts';

const died = new WorkbenchError({ code: 'engine.died', message: 'The engine process is gone.', remedy: 'Resume.' });
const bareRun = (signal = new AbortController().signal): Run => ({ signal }) as Run;

describe('work for a run', () => {
  it('is done in order at the boundary, with the last finished step', async () => {
    const boundary = new BoundaryWork();
    const order: string[] = [];
    const results = ['a', 'b'].map((name) =>
      boundary.enqueue((_, step) => {
        order.push(name);
        return Promise.resolve(`${name}${step}`);
      }),
    );
    expect(order).toEqual([]);
    await boundary.serve(bareRun(), 4, false);
    expect(await Promise.all(results)).toEqual(['a4', 'b4']);
    expect(order).toEqual(['a', 'b']);
  });

  it('fails alone', async () => {
    const boundary = new BoundaryWork();
    const broken = boundary.enqueue(() => Promise.reject(new Error('no')));
    const whole = boundary.enqueue(() => Promise.resolve(1));
    const served = boundary.serve(bareRun(), 1, false);
    await expect(broken).rejects.toThrow('no');
    await expect(whole).resolves.toBe(1);
    await served;
  });

  it('is given up while it waits, and while it runs', async () => {
    const boundary = new BoundaryWork();
    const first = new AbortController();
    const waiting = boundary.enqueue(() => Promise.resolve(1), first.signal);
    first.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
    const second = new AbortController();
    const running = boundary.enqueue(async (run) => {
      second.abort(new Error('changed my mind'));
      run.signal.throwIfAborted();
      await Promise.resolve();
    }, second.signal);
    const served = boundary.serve(bareRun(), 1, false);
    await expect(running).rejects.toThrow('changed my mind');
    await served;
    await expect(boundary.enqueue(() => Promise.resolve(1), second.signal)).rejects.toThrow('changed my mind');
  });

  it('is refused when the run is over', async () => {
    const boundary = new BoundaryWork();
    const waiting = boundary.enqueue(() => Promise.resolve(1));
    boundary.close(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(boundary.enqueue(() => Promise.resolve(1))).rejects.toThrow('over');
  });

  it('is done again after a death of the engine, once', async () => {
    const boundary = new BoundaryWork();
    let calls = 0;
    const work = boundary.enqueue(() => (++calls === 1 ? Promise.reject(died) : Promise.resolve(calls)));
    await expect(boundary.serve(bareRun(), 1, false)).rejects.toThrow(died);
    await boundary.serve(bareRun(), 1, false);
    await expect(work).resolves.toBe(2);
    const hopeless = boundary.enqueue(() => Promise.reject(died));
    const failed = expect(hopeless).rejects.toThrow(died);
    for (let i = 0; i < 2; i++) await expect(boundary.serve(bareRun(), 1, false)).rejects.toThrow(died);
    await failed;
    await boundary.serve(bareRun(), 1, false);
  });
});

describe('a pause', () => {
  it('waits, serves work meanwhile, and ends', async () => {
    const changes: boolean[] = [];
    const boundary: BoundaryWork = new BoundaryWork({ onChange: () => changes.push(boundary.isWaiting) });
    boundary.pause();
    let isOver = false;
    const served = boundary.serve(bareRun(), 1, false).then(() => (isOver = true));
    await sleep(5);
    expect([isOver, boundary.isPaused, boundary.isWaiting]).toEqual([false, true, true]);
    await expect(boundary.enqueue(() => Promise.resolve('served'))).resolves.toBe('served');
    await sleep(5);
    expect(isOver).toBe(false);
    boundary.resume();
    await served;
    expect([boundary.isPaused, boundary.isWaiting]).toEqual([false, false]);
    expect(changes.at(-1)).toBe(false);
  });

  it('ends with the run, and does not hold one that is done', async () => {
    const boundary = new BoundaryWork();
    const controller = new AbortController();
    boundary.pause();
    await boundary.serve(bareRun(controller.signal), 6, true);
    const served = boundary.serve(bareRun(controller.signal), 1, false);
    controller.abort(new Error('stop'));
    await expect(served).rejects.toThrow('stop');
    expect(boundary.isWaiting).toBe(false);
  });

  it('holds training, which then stops with a checkpoint or goes on to the same trace', async () => {
    const boundary = new BoundaryWork();
    const made = await liveRun({ parts: { boundary } });
    boundary.pause();
    const trained = train(made.run);
    while (!boundary.isWaiting) await sleep(1);
    expect(made.store.updates('run')).toEqual([]);
    boundary.resume();
    await expect(trained).resolves.toMatchObject({ reason: 'finished', step: 6 });
    expect(traceOf(made.store)).toEqual(await undisturbed());

    const stopped = new BoundaryWork();
    const other = await liveRun({ parts: { boundary: stopped } });
    void stopped.enqueue(() => Promise.resolve());
    const off = other.store.onEvents((events) => {
      if (events.some(({ body }) => body.type === 'stepFinished' && body.update.step === 3)) stopped.pause();
    });
    const run = train(other.run);
    while (!stopped.isWaiting) await sleep(1);
    off();
    other.controller.abort();
    await expect(run).resolves.toMatchObject({ reason: 'interrupted', step: 3 });
    expect(other.store.checkpoints('run').at(-1)?.step).toBe(3);
  });
});

describe('training with work in between', () => {
  it('leaves the same losses, tokens and groups as without', async () => {
    const boundary = new BoundaryWork();
    const made = await liveRun({ parts: { boundary } });
    const asked: Promise<unknown>[] = [];
    made.store.onEvents((events) => {
      for (const { body } of events) {
        if (body.type !== 'stepFinished') continue;
        const rolloutId = wrongRollout(made.store);
        const base = made.store.critiqueInForce('run', rolloutId);
        const critique =
          base === null
            ? made.store.writeCritique({ runId: 'run', rolloutId, text: 'Add 5.', author: 'ann' })
            : made.store.reviseCritique({ runId: 'run', baseId: base.id, text: 'Add 5.', author: 'ann' });
        asked.push(
          boundary.enqueue((run) => runTrial(run, { critiqueId: critique.id, samples: 3 })),
          boundary.enqueue((run) => counterfactual(run, { rolloutId, critics: ['none', 'self', 'verdict'], samples: 2 })),
          boundary.enqueue((run) => tokenDetail({ ...made.run, run }, { runId: 'run', id: rolloutId, withEntropy: true })),
          boundary.enqueue((_, step) => Promise.resolve(step)),
        );
      }
    });
    await train(made.run);
    expect(await Promise.all(asked)).toHaveLength(24);
    expect(traceOf(made.store)).toEqual(await undisturbed());
    expect(made.store.eventsAfter(0, 10_000).filter(({ body }) => body.type === 'trialFinished')).toHaveLength(6);
  });

  it('goes on after a trial killed the engine, and the trial still comes', async () => {
    const boundary = new BoundaryWork();
    let isArmed = false;
    const fault = (): void => {
      if (!isArmed) return;
      isArmed = false;
      throw died;
    };
    const made = await liveRun({ parts: { boundary }, fault });
    let trial: Promise<unknown> | undefined;
    made.store.onEvents((events) => {
      if (!events.some(({ body }) => body.type === 'stepFinished' && body.update.step === 3)) return;
      const rolloutId = wrongRollout(made.store);
      trial ??= boundary.enqueue((run) => {
        isArmed = trial !== undefined && made.engines.length === 1;
        return counterfactual(run, { rolloutId, critics: ['none'], samples: 1 });
      });
    });
    await expect(train(made.run)).resolves.toMatchObject({ reason: 'finished' });
    await expect(trial).resolves.toMatchObject([{ critic: 'none', error: null }]);
    expect(made.engines).toHaveLength(2);
    expect(traceOf(made.store)).toEqual(await undisturbed());
  });

  it('scores the policy when asked, once a step', async () => {
    const boundary = new BoundaryWork();
    const made = await liveRun({ parts: { boundary } });
    let score: Promise<unknown> | undefined;
    made.store.onEvents((events) => {
      if (events.some(({ body }) => body.type === 'stepFinished' && body.update.step === 3)) score ??= boundary.enqueue(evaluateNow);
    });
    await train(made.run);
    await expect(score).resolves.toMatchObject({ step: 3, set: 'heldOut', samplesPerProblem: 1 });
    expect(
      made.store
        .evaluations('run')
        .filter(({ set }) => set === 'heldOut')
        .map(({ step }) => step),
    ).toEqual([0, 2, 3, 4, 6]);
    const calls = made.engine.calls.length;
    await expect(evaluateNow(made.run, 3)).resolves.toEqual(await score);
    expect(made.engine.calls).toHaveLength(calls);
    await expect(evaluateNow({ ...made.run, heldOutProblems: [] }, 3)).rejects.toMatchObject({ code: 'data.noHeldOut' });
  });
});

/** The trace of a run that nobody asked anything; made once. */
function undisturbed(): Promise<unknown> {
  known ??= (async () => {
    const made = await liveRun();
    await train(made.run);
    return traceOf(made.store);
  })();
  return known;
}
let known: Promise<unknown> | undefined;
