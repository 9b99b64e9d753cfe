/** Runs, their states and their curves. */
import { describe, expect, it } from 'vitest';
import { filledStore, newRun, stepBatch, temporaryStore } from './stepRecords.ts';

const runId = 'run';

describe('curves', () => {
  it('have one value a step, null where there was none', () => {
    const { store } = filledStore({ [runId]: 6 });
    const updates = Array.from({ length: 6 }, (_, step) => stepBatch(runId, step).updates).flat();
    const names = ['loss', 'metrics.reward/mean', 'metrics.even', 'seconds.sample'];
    expect(store.series(runId, names)).toEqual({
      steps: [0, 1, 2, 3, 4, 5],
      values: {
        loss: updates.map(({ loss }) => loss),
        'metrics.reward/mean': updates.map(() => 0.5),
        'metrics.even': [1, null, 1, null, 1, null],
        'seconds.sample': updates.map(({ seconds }) => seconds['sample']),
      },
    });
    expect(store.series(runId, ['loss'], 3).steps).toEqual([4, 5]);
    expect(store.metricNames(runId)).toEqual(expect.arrayContaining([...names, 'seconds.train', 'gradientNorm']));
    expect(() => store.series(runId, ['reward'])).toThrow(expect.objectContaining({ code: 'metric.unknown' }) as Error);
    expect(() => store.series('nothing', ['loss'])).toThrow(expect.objectContaining({ code: 'run.missing' }) as Error);
  });
});

describe('runs', () => {
  it('have a state that follows from their events', () => {
    const { store } = temporaryStore();
    const stop = (reason: 'finished' | 'interrupted' | 'failed') => ({ type: 'runStopped', step: 1, reason, message: '' }) as const;
    const start = { type: 'runStarted', algorithm: 'grpo', seed: 1, steps: 4, resumedFrom: null } as const;
    expect(store.createRun(newRun(runId))).toEqual({ ...newRun(runId), createdAt: 5000, state: 'stopped', lastStep: null });
    for (const [event, state] of [
      [start, 'running'],
      [stop('interrupted'), 'stopped'],
      [start, 'running'],
      [stop('failed'), 'failed'],
      [start, 'running'],
      [stop('finished'), 'finished'],
    ] as const) {
      store.record({ runId, events: [event] });
      expect(store.run(runId)?.state).toBe(state);
    }
    store.record(stepBatch(runId, 0));
    store.createRun(newRun('newer'));
    expect(store.runs().map(({ id, lastStep }) => [id, lastStep])).toEqual([
      ['newer', null],
      [runId, 0],
    ]);
    expect(store.run('nothing')).toBeNull();
  });

  for (const id of ['', '../up', 'a/b', '.hidden', 'a b']) {
    it(`are not named ${JSON.stringify(id)}`, () => {
      const { store } = temporaryStore();
      expect(() => store.createRun(newRun(id))).toThrow(expect.objectContaining({ code: 'run.badId' }) as Error);
    });
  }

  it('have one name each', () => {
    const { store } = temporaryStore();
    store.createRun(newRun(runId));
    expect(() => store.createRun(newRun(runId))).toThrow(expect.objectContaining({ code: 'run.exists' }) as Error);
  });
});
