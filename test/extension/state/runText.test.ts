import { describe, expect, it } from 'vitest';
import { durationText, progressText, runDescription, runIcon, runStateText } from '../../../extension/state/runText.ts';
import { progressOf, runOf } from './fixtures.ts';

describe('a run in a few words', () => {
  it.each([
    [runOf('r'), 'stopped', 'stopped · 0/160', 'stop-circle'],
    [runOf('r', { state: 'finished', lastStep: 160, bestPassAt1: 0.5249 }), 'finished', 'finished · 160/160 · best pass@1 0.52', 'pass'],
    [runOf('r', { state: 'failed', lastStep: 3 }), 'failed', 'failed · 3/160', 'error'],
    [
      runOf('r', { state: 'running', activity: 'training', lastStep: 34, secondsLeft: 200 }),
      'training',
      'training · 34/160 · 3 min left',
      'sync~spin',
    ],
    // What remains is not said of a run that waits.
    [runOf('r', { state: 'running', activity: 'paused', lastStep: 34, secondsLeft: 200 }), 'paused', 'paused · 34/160', 'debug-pause'],
    [runOf('r', { state: 'running', activity: 'pausing' }), 'pausing after this step', 'pausing after this step · 0/160', 'debug-pause'],
    // Another process trains it.
    [runOf('r', { state: 'running', lastStep: 2 }), 'running', 'running · 2/160', 'sync'],
  ])('%#', (run, state, description, icon) => {
    expect([runStateText(run), runDescription(run), runIcon(run)]).toEqual([state, description, icon]);
  });
});

describe('progress', () => {
  it.each([
    [progressOf('r'), 'step 34/160 · sample 45 %'],
    [progressOf('r', { total: null }), 'step 34/160 · sample'],
    [progressOf('r', { done: 0, total: 0 }), 'step 34/160 · sample'],
    [progressOf('r', { done: 21 }), 'step 34/160 · sample 100 %'],
  ])('%#', (progress, expected) => {
    expect(progressText(progress)).toBe(expected);
  });
});

describe('a duration', () => {
  it.each([
    [0, '1 s'],
    [89.4, '89 s'],
    [90, '2 min'],
    [5399, '90 min'],
    [5400, '1.5 h'],
  ])('of %d s is %s', (seconds, expected) => {
    expect(durationText(seconds)).toBe(expected);
  });
});
