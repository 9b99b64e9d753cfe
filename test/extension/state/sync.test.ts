import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event, EventBody } from '../../../backend/protocol/events.ts';
import type { Method, Result, Results } from '../../../backend/protocol/methods.ts';
import { WorkbenchSync } from '../../../extension/state/sync.ts';
import { failureOf, progressOf, runOf } from './fixtures.ts';

type Answers = { [M in 'run/list' | 'failure/list' | 'critique/toReview' | 'verifier/disagreements']: Results[M] };

/** A sync over made-up answers; `asked` is what it asked for, in order. */
function syncOver(answers: Answers, delayMs = 0) {
  const asked: string[] = [];
  const errors: unknown[] = [];
  const ask = async <M extends Method>(method: M): Promise<Result<M>> => {
    asked.push(method);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (method in answers) return answers[method as keyof Answers] as Result<M>;
    throw new Error(`nobody expected ${method}`);
  };
  const sync = new WorkbenchSync(ask, (error) => errors.push(error));
  sync.apply({ type: 'connection', connection: { state: 'connected', detail: '' } });
  return { sync, asked, errors };
}

const answers: Answers = {
  'run/list': [runOf('a')],
  'failure/list': [failureOf('p')],
  'critique/toReview': [],
  'verifier/disagreements': { rows: [], total: 0, open: 0 },
};
const event = (body: EventBody): Event => ({ seq: 1, runId: 'a', time: 0, body });

describe('the state of the sidebar', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is read once for many changes in a row', async () => {
    const { sync, asked, errors } = syncOver(answers);
    for (let i = 0; i < 50; i++) sync.refreshSoon();
    await vi.advanceTimersByTimeAsync(2000);
    // Once for the changes, once more because the first reading chose a run.
    expect(asked.filter((method) => method === 'run/list').length).toBeLessThanOrEqual(2);
    expect(sync.state).toMatchObject({ currentRunId: 'a', failures: [{ problemId: 'p' }], toReview: [] });
    expect(errors).toEqual([]);
  });

  it('is not asked for again while a slow answer is on its way, and is afterwards', async () => {
    const { sync, asked } = syncOver(answers, 5000);
    const lists = (): number => asked.filter((method) => method === 'run/list').length;
    sync.refreshSoon();
    await vi.advanceTimersByTimeAsync(1000);
    for (let i = 0; i < 5; i++) {
      sync.refreshSoon();
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(lists()).toBe(1);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lists()).toBeGreaterThan(1);
  });

  it('is not read without a connection', async () => {
    const { sync, asked } = syncOver(answers);
    sync.apply({ type: 'connection', connection: { state: 'lost', detail: 'gone' } });
    sync.refreshSoon();
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([]);
  });

  it('of a backend that has a problem is kept, and the problem told', async () => {
    const { sync, errors } = syncOver({ ...answers });
    await vi.advanceTimersByTimeAsync(0);
    const broken = new WorkbenchSync(
      () => Promise.reject(new Error('no')),
      (error) => errors.push(error),
    );
    broken.apply({ type: 'connection', connection: { state: 'connected', detail: '' } });
    broken.refreshSoon();
    await vi.advanceTimersByTimeAsync(2000);
    expect(errors).toEqual([new Error('no')]);
    sync.dispose();
  });

  it('is read again for what changes a list, not for each group', async () => {
    const { sync, asked } = syncOver(answers);
    sync.events([event({ type: 'groupFinished', step: 1, groupId: 'g', problemId: 'p', kind: 'mixed', zeroSignal: false })]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toEqual([]);
    sync.events([event({ type: 'runStopped', step: 1, reason: 'finished', message: '' })]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toContain('run/list');
  });

  it('tells its listeners of each change, and no one who left', async () => {
    const { sync } = syncOver(answers);
    const heard: string[] = [];
    const listening = sync.onChange(({ progress }, before) => heard.push(`${before.progress?.phase ?? 'none'} → ${progress?.phase ?? 'none'}`));
    sync.apply({ type: 'progress', progress: progressOf('a', { phase: 'sample' }) });
    listening.dispose();
    sync.apply({ type: 'progress', progress: progressOf('a', { phase: 'update' }) });
    expect(heard).toEqual(['none → sample']);
  });
});
