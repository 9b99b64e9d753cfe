/** Critiques that training was told to learn from: from which step, until which, and what is announced. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../backend/store/store.ts';
import { filledStore, newRun, stepBatch } from './stepRecords.ts';

const runId = 'run';
const stepCount = 6;
const [base, other] = Array.from({ length: stepCount }, (_, step) => stepBatch(runId, step).critiques).flat();
if (base === undefined || other === undefined) throw new Error('too few critiques');

/** A store with `stepCount` recorded steps, the last one number 5, and a person's revision of a critique. */
function withRevision(): { store: Store; critiqueId: string } {
  const { store } = filledStore({ other: 2, [runId]: stepCount });
  return { store, critiqueId: store.reviseCritique({ runId, baseId: base?.id ?? '', text: 'Look again.', author: 'ann' }).id };
}

const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

describe('an enlistment', () => {
  it('begins with the step after the recorded ones, and after the one that has begun', () => {
    const { store, critiqueId } = withRevision();
    expect(store.nextStep(runId)).toBe(6);
    store.beginStep(runId, 6);
    const seq = store.lastSeq();
    const enlistment = store.enlist({ runId, critiqueId, author: 'ann' });
    expect(enlistment).toEqual({
      id: `${critiqueId}/enlistment1`,
      runId,
      critiqueId,
      rolloutId: base.rolloutId,
      problemId: base.rolloutId.split('/')[2],
      author: 'ann',
      createdAt: 5000,
      fromStep: 7,
      untilStep: null,
    });
    const { id: enlistmentId, rolloutId, problemId } = enlistment;
    expect(store.eventsAfter(seq, 10).map(({ body }) => body)).toEqual([
      { type: 'critiqueEnlisted', enlistmentId, critiqueId, rolloutId, problemId, fromStep: 7 },
    ]);
    expect([6, 7, 99].map((step) => store.activeEnlistments(runId, step))).toEqual([[], [enlistment], [enlistment]]);
    expect(store.activeEnlistments('other', 7)).toEqual([]);
    expect(store.enlist({ runId, critiqueId, author: 'bob' })).toEqual(enlistment);
    expect(store.lastSeq()).toBe(seq + 1);
  });

  it('does not reach into steps that are made again', () => {
    const { store, critiqueId } = withRevision();
    store.beginStep(runId, 3);
    expect(store.enlist({ runId, critiqueId, author: 'ann' }).fromStep).toBe(6);
    store.beginStep(runId, 9);
    store.endSteps(runId);
    expect(store.nextStep(runId)).toBe(6);
  });

  it('ends with a withdrawal, and may begin anew', () => {
    const { store, critiqueId } = withRevision();
    const { id } = store.enlist({ runId, critiqueId, author: 'ann' });
    store.beginStep(runId, 7);
    expect(store.withdraw(runId, critiqueId)).toMatchObject({ id, fromStep: 6, untilStep: 8 });
    const seq = store.lastSeq();
    expect(store.withdraw(runId, critiqueId)).toMatchObject({ untilStep: 8 });
    expect(store.lastSeq()).toBe(seq);
    expect([5, 6, 7, 8].map((step) => store.activeEnlistments(runId, step).length)).toEqual([0, 1, 1, 0]);
    store.beginStep(runId, 9);
    expect(store.enlist({ runId, critiqueId, author: 'ann' })).toMatchObject({ id: `${critiqueId}/enlistment2`, fromStep: 10, untilStep: null });
    expect([8, 9, 10].map((step) => store.activeEnlistments(runId, step).length)).toEqual([0, 0, 1]);
    expect(() => store.withdraw(runId, other.id)).toThrow(failing('critique.notEnlisted'));
  });

  it('gives way to that of a newer revision', () => {
    const { store, critiqueId } = withRevision();
    store.enlist({ runId, critiqueId, author: 'ann' });
    const newer = store.reviseCritique({ runId, baseId: critiqueId, text: 'Look twice.', author: 'bob' });
    expect(store.activeEnlistments(runId, 6)).toMatchObject([{ critiqueId }]);
    store.beginStep(runId, 6);
    const seq = store.lastSeq();
    store.enlist({ runId, critiqueId: newer.id, author: 'bob' });
    expect(store.eventsAfter(seq, 10).map(({ body }) => body.type)).toEqual(['critiqueWithdrawn', 'critiqueEnlisted']);
    expect([6, 7].map((step) => store.activeEnlistments(runId, step).map((entry) => entry.critiqueId))).toEqual([[critiqueId], [newer.id]]);
  });

  it('is of a critique by a person', () => {
    const { store } = withRevision();
    expect(() => store.enlist({ runId, critiqueId: other.id, author: 'ann' })).toThrow(failing('critique.notHuman'));
    expect(() => store.enlist({ runId, critiqueId: 'nothing', author: 'ann' })).toThrow(failing('critique.missing'));
  });

  it('touches a run once its first step is done', () => {
    const { store, critiqueId } = withRevision();
    const isTouched = (): boolean | undefined => store.runSummary(runId)?.isHumanTouched;
    store.enlist({ runId, critiqueId, author: 'ann' });
    expect(isTouched()).toBe(false);
    store.record(stepBatch(runId, 6));
    expect(isTouched()).toBe(true);
    const untouched = withRevision();
    untouched.store.enlist({ runId, critiqueId: untouched.critiqueId, author: 'ann' });
    untouched.store.withdraw(runId, untouched.critiqueId);
    untouched.store.record(stepBatch(runId, 6));
    expect(untouched.store.runSummary(runId)?.isHumanTouched).toBe(false);
  });
});

describe('what a run says of itself', () => {
  it('has scores, the reason it stopped and the time it takes', () => {
    const { store } = filledStore({ [runId]: 3 });
    expect(store.runSummary('nothing')).toBeNull();
    expect(store.runSummary(runId)).toMatchObject({ bestPassAt1: null, lastPassAt1: null, stopMessage: null, isHumanTouched: false });
    const score = (passAt1: number) => ({ problems: 2, samples: 2, passAt1, interval: [0, 1] as [number, number], passAtK: {}, neverSolved: 0 });
    const at = (step: number, passAt1: number, set: 'heldOut' | 'train') => ({
      ...{ runId, step, set, samplesPerProblem: 1, temperature: 1, all: score(passAt1), byLevel: {}, tokensSampled: 1 },
    });
    store.record({ runId, evaluations: [at(0, 0.25, 'heldOut'), at(1, 0.75, 'heldOut'), at(2, 0.5, 'heldOut'), at(2, 1, 'train')] });
    store.record({ runId, events: [{ type: 'runStarted', algorithm: 'a', seed: 0, steps: 100, resumedFrom: null }] });
    // Steps take 0.75, 1.75 and 2.75 seconds; 98 of 100 remain.
    expect(store.runSummary(runId)).toMatchObject({
      state: 'running',
      bestPassAt1: 0.75,
      lastPassAt1: 0.5,
      stopMessage: null,
      secondsLeft: 98 * 1.75,
    });
    store.record({ runId, events: [{ type: 'runStopped', step: 2, reason: 'interrupted', message: 'Stopped after step 2.' }] });
    expect(store.runSummaries()).toEqual([store.runSummary(runId)]);
    expect(store.runSummary(runId)).toMatchObject({ state: 'stopped', stopMessage: 'Stopped after step 2.' });
  });

  it('knows the settings that came after it was stored', () => {
    const { store } = filledStore({});
    const { humanCritiques: _, ...older } = newRun('old').config;
    store.createRun({ ...newRun('old'), config: older as ReturnType<typeof newRun>['config'] });
    expect(store.run('old')?.config).toEqual(newRun('old').config);
  });
});
