import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  afterPhase,
  phaseShare,
  recentMean,
  secondsLeft,
  startProgress,
  tokenRates,
  type RunProgress,
} from '../../../backend/cli/runProgress.ts';
import type { EventBody } from '../../../backend/protocol/events.ts';
import { config, evaluationAt, eventOf, updateAt } from './scriptedRun.ts';

const tell = (progress: RunProgress, body: EventBody, now: number): RunProgress => afterEvent(progress, eventOf(body), now);

/** Held-out problems take 2 s a sample, training problems 1 s; each step takes 1 s by its own account. */
function progressAt(step: number): RunProgress {
  let progress = startProgress(config, 0);
  progress = tell(progress, { type: 'evaluationFinished', evaluation: evaluationAt(0, 'heldOut', 4) }, 8);
  progress = tell(progress, { type: 'evaluationFinished', evaluation: evaluationAt(0, 'train', 8) }, 16);
  for (let i = 1; i <= step; i++) progress = tell(progress, { type: 'stepFinished', update: updateAt(i) }, 16 + i);
  return progress;
}

describe('the time left', () => {
  it('is unknown before the first step', () => expect(secondsLeft(progressAt(0), 16)).toBeUndefined());

  it.each([
    // Steps 20, 40 … 140 have two samples a problem (4 s each); the end has four (8 s) and eight tries (8 s).
    [1, 0, 159 + 7 * 4 + 16],
    [1, 0.5, 159 + 7 * 4 + 16 - 0.5],
    [1, 5, 158 + 7 * 4 + 16],
    [19, 0, 141 + 7 * 4 + 16],
    [20, 0, 140 + 7 * 4 + 16],
    [20, 3, 140 + 6 * 4 + 1 + 16],
    [21, 0, 139 + 6 * 4 + 16],
    [160, 0, 16],
  ])('after step %i and %d s is the steps and evaluations still to come', (step, elapsed, expected) => {
    const made =
      step > 20 ? tell(progressAt(step), { type: 'evaluationFinished', evaluation: evaluationAt(20, 'heldOut', 2) }, 20 + step) : progressAt(step);
    expect(secondsLeft(made, made.since + elapsed)).toBeCloseTo(expected, 6);
  });

  it('is nothing once the run has stopped', () => {
    const stopped = tell(progressAt(3), { type: 'runStopped', step: 3, reason: 'interrupted', message: '' }, 20);
    expect(secondsLeft(stopped, 21)).toBe(0);
    expect(stopped).toMatchObject({ step: 3, phase: undefined });
  });
});

describe('the account of a run', () => {
  it('adds up what steps report', () => {
    const { totals, phaseSeconds } = progressAt(10);
    expect(totals).toEqual({ rescued: 5, refinementsRight: 40, refinementsWrong: 20, sampled: 24_000, trained: 21_000, notices: 0 });
    expect(phaseSeconds['update']).toBeCloseTo(3.8);
    expect(phaseSeconds['evaluate']).toBe(16);
  });

  it('starts a resumed run at its checkpoint', () => {
    const body: EventBody = { type: 'runStarted', algorithm: 'grpo', seed: 0, steps: 160, resumedFrom: 40 };
    expect(tell(startProgress(config, 0), body, 1)).toMatchObject({ step: 40, updates: [], since: 1 });
  });

  it('has means over the steps that know a metric, and rates by phase', () => {
    const progress = progressAt(10);
    expect(recentMean(progress, 'groupsRescued', 4)).toBe(0.5);
    expect(recentMean(progress, 'unheardOf', 4)).toBeUndefined();
    expect(tokenRates(progress).sampled).toBeCloseTo(2400 / 0.56);
    expect(tokenRates(progress).trained).toBeCloseTo(2100 / 0.38);
    expect(tokenRates(startProgress(config, 0))).toEqual({ sampled: undefined, trained: undefined });
  });

  it.each([
    ['update', 12, 48, 0.25],
    ['critique', 0, 0, undefined],
    ['sample', 900, 4032, undefined],
    ['evaluate', 900, undefined, undefined],
  ] as const)('knows the share of %s done only where the total is one', (name, done, total, share) => {
    expect(phaseShare(afterPhase(startProgress(config, 0), { name, step: 1, done, total }))).toBe(share);
  });
});
