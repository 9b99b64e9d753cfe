import { describe, expect, it } from 'vitest';
import { activeRun, currentRun, emptyWorkbench, reduce, type Workbench, type WorkbenchChange } from '../../../extension/state/workbench.ts';
import { failureOf, progressOf, runOf, toReviewOf } from './fixtures.ts';

const connected = { type: 'connection', connection: { state: 'connected', detail: '' } } as const;
const failuresOf = (runId: string): WorkbenchChange => ({
  type: 'failures',
  runId,
  failures: [failureOf('p')],
  toReview: [toReviewOf(runId)],
  doubts: [],
});
const after = (...changes: readonly WorkbenchChange[]): Workbench => changes.reduce(reduce, emptyWorkbench);

describe('the current run', () => {
  it('is the newest until one is chosen', () => {
    expect(after({ type: 'runs', runs: [runOf('new'), runOf('old')] }).currentRunId).toBe('new');
  });

  it('stays chosen when another run begins', () => {
    const state = after(
      { type: 'runs', runs: [runOf('old')] },
      { type: 'select', runId: 'old' },
      { type: 'runs', runs: [runOf('new'), runOf('old')] },
    );
    expect(currentRun(state)?.id).toBe('old');
  });

  it.each([
    [[runOf('other')], 'other'],
    [[], null],
  ])('gives way when it is gone', (runs, expected) => {
    expect(after({ type: 'runs', runs: [runOf('gone')] }, failuresOf('gone'), { type: 'runs', runs })).toMatchObject({
      currentRunId: expected,
      failures: null,
      toReview: null,
      doubts: null,
    });
  });
});

describe('failures', () => {
  const state = after({ type: 'runs', runs: [runOf('a'), runOf('b')] }, failuresOf('a'));

  it('are those of the current run', () => {
    expect(state.failures).toHaveLength(1);
  });

  it('of another run arrive too late and change nothing', () => {
    expect(reduce(state, failuresOf('b'))).toBe(state);
  });

  it('of the run before are not shown under the next', () => {
    expect(reduce(state, { type: 'select', runId: 'b' })).toMatchObject({ failures: null, toReview: null });
  });

  it('stay when the same run is chosen again', () => {
    expect(reduce(state, { type: 'select', runId: 'a' })).toBe(state);
  });
});

describe('progress', () => {
  const runs = [runOf('a', { state: 'running', activity: 'training' }), runOf('b')];
  const state = after(connected, { type: 'runs', runs }, { type: 'progress', progress: progressOf('a') });

  it('stays while the run is at work', () => {
    expect(reduce(state, { type: 'runs', runs }).progress).not.toBeNull();
    expect(activeRun(state)?.id).toBe('a');
  });

  it('ends with the work', () => {
    const ended = reduce(state, { type: 'runs', runs: [runOf('a', { state: 'finished' })] });
    expect([ended.progress, activeRun(ended)]).toEqual([null, null]);
  });

  it('ends with the connection', () => {
    expect(reduce(state, { type: 'connection', connection: { state: 'lost', detail: 'gone' } }).progress).toBeNull();
  });
});
