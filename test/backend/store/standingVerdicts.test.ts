/** Verdicts as they stand now: settled by a person over rescored over the run's own; and what a run counts by them. */
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../backend/protocol/records.ts';
import type { Store } from '../../../backend/store/store.ts';
import { runTrial } from '../../../backend/training/trial.ts';
import { train } from '../../../backend/training/trainer.ts';
import { liveRun } from '../training/liveRun.ts';
import { filledStore, stepBatch } from './stepRecords.ts';

const steps = 12;
const verdicts = Array.from({ length: steps }, (_, step) => stepBatch('run', step).verdicts).flat();
const refinements = new Set(Array.from({ length: steps }, (_, step) => stepBatch('run', step).refinements.map(({ id }) => id)).flat());
const oneOf = (status: Verdict['status'], isRefinement = false): Verdict => {
  const found = verdicts.find((verdict) => verdict.status === status && refinements.has(verdict.rolloutId) === isRefinement);
  if (found === undefined) throw new Error(`no ${status} verdict`);
  return found;
};

/** Grades everything again, as far as `revise` says something. */
function rescore(store: Store, revise: (verdict: Verdict) => Partial<Verdict> | undefined): string {
  const id = store.beginRescoring('run', 'math');
  const revised = verdicts.flatMap((verdict) => {
    const change = revise(verdict);
    return change === undefined ? [] : [{ ...verdict, verifier: 'math', ...change }];
  });
  store.addRevisions('run', id, revised);
  return id;
}

const isRight = { status: 'right', reward: 1, cause: null, extracted: '5' } as const;

describe('the verdict on an answer', () => {
  it('is the run’s where nobody said anything since', () => {
    const { store } = filledStore({ run: steps });
    for (const choice of ['current', 'original'] as const) {
      const standing = store.standingVerdicts('run', choice);
      for (const verdict of verdicts) expect(standing.of(verdict.rolloutId)).toEqual({ verdict, source: 'run', by: 'numeric' });
      expect(standing.of('nobody')).toBeNull();
      expect(standing.changedSteps()).toEqual([]);
    }
  });

  it('is the one of the newest rescoring that was finished', () => {
    const { store } = filledStore({ run: steps });
    const { rolloutId } = oneOf('wrong');
    rescore(store, () => ({ status: 'wrong', reward: 0, cause: 'noAnswer' }));
    rescore(store, (verdict) => (verdict.rolloutId === rolloutId ? isRight : {}));
    // Given up at once: what it said of one answer must not mix with what another said of the rest.
    rescore(store, (verdict) => (verdict.rolloutId === rolloutId ? { status: 'wrong', reward: 0, cause: 'noAnswer' } : undefined));
    const standing = store.standingVerdicts('run', 'current').of(rolloutId);
    expect(standing).toMatchObject({ source: 'rescored', by: 'math', verdict: { verifier: 'math', ...isRight } });
    expect(store.standingVerdicts('run', 'original').of(rolloutId)).toMatchObject({ source: 'run', verdict: { status: 'wrong' } });
  });

  it('stays where the later judge failed', () => {
    const { store } = filledStore({ run: steps });
    const verdict = oneOf('right');
    rescore(store, () => ({ status: 'failed', reward: 0, cause: 'verifierFailed', extracted: null }));
    expect(store.standingVerdicts('run', 'current').of(verdict.rolloutId)).toEqual({ verdict, source: 'run', by: 'numeric' });
  });

  it('is what a person settled last, whatever was rescored', () => {
    const { store } = filledStore({ run: steps });
    const [wrong, failed] = [oneOf('wrong'), oneOf('failed')];
    const settle = (rolloutId: string, status: 'right' | 'wrong', author: string): unknown =>
      store.settleVerdict({ runId: 'run', rolloutId, status, author, note: 'x is 4' });
    settle(wrong.rolloutId, 'wrong', 'Ada');
    settle(wrong.rolloutId, 'right', 'Bob');
    settle(failed.rolloutId, 'wrong', 'Ada');
    rescore(store, () => ({ status: 'wrong', reward: -1, cause: 'noAnswer' }));
    const standing = store.standingVerdicts('run', 'current');
    expect(standing.of(wrong.rolloutId)).toMatchObject({
      ...{ source: 'settled', by: 'Bob' },
      verdict: { status: 'right', reward: 1, cause: null, reason: 'Settled by Bob: x is 4' },
    });
    // The judge who says the same keeps its scale.
    expect(standing.of(failed.rolloutId)).toMatchObject({
      source: 'settled',
      by: 'Ada',
      verdict: { status: 'wrong', reward: -1, cause: 'noAnswer' },
    });
    const original = store.standingVerdicts('run', 'original');
    expect(original.of(failed.rolloutId)).toMatchObject({ source: 'run', verdict: failed });
  });

  it('of a failed one that is settled wrong has a cause that an answer can have', () => {
    const { store } = filledStore({ run: steps });
    const { rolloutId } = oneOf('failed');
    store.settleVerdict({ runId: 'run', rolloutId, status: 'wrong', author: 'Ada' });
    expect(store.standingVerdicts('run', 'current').of(rolloutId)?.verdict).toMatchObject({
      reward: 0,
      cause: 'wrongValue',
      reason: 'Settled by Ada.',
    });
  });
});

describe('failing problems', () => {
  it('are the standing failures where nobody said anything since', () => {
    const { store } = filledStore({ run: steps });
    const expected = store.standingFailures('run', 1).map(({ problemId, attempts, visitsFailed }) => ({ problemId, attempts, visitsFailed }));
    expect(expected.length).toBeGreaterThan(0);
    for (const choice of ['current', 'original'] as const) {
      const found = store.standingVerdicts('run', choice).failures();
      expect(found).toEqual(expected.map((entry) => ({ ...entry, verdicts: { run: entry.attempts, rescored: 0, settled: 0 }, settledBy: [] })));
    }
  });

  it('end where an answer was found to be right, begin where it was found to be wrong, and say by whom', () => {
    const { store } = filledStore({ run: steps });
    const [failing] = store.standingFailures('run', 1);
    if (failing === undefined) throw new Error('nothing fails');
    const newest = store.rolloutPage({ runId: 'run', problemId: failing.problemId }).rows[0]?.id ?? '';
    store.settleVerdict({ runId: 'run', rolloutId: newest, status: 'right', author: 'Ada' });
    const ids = (choice: 'current' | 'original'): string[] =>
      store
        .standingVerdicts('run', choice)
        .failures()
        .map(({ problemId }) => problemId);
    expect(ids('current')).toEqual(ids('original').filter((id) => id !== failing.problemId));

    rescore(store, () => ({ status: 'wrong', reward: 0, cause: 'wrongValue', extracted: '7' }));
    store.settleVerdict({ runId: 'run', rolloutId: newest, status: 'wrong', author: 'Bob' });
    const all = store.standingVerdicts('run', 'current').failures();
    expect(all).toHaveLength(6);
    const own = all.find(({ problemId }) => problemId === failing.problemId);
    expect(own).toMatchObject({ settledBy: ['Bob'], verdicts: { run: 0, settled: 1, rescored: (own?.attempts ?? 0) - 1 } });
  });
});

describe('the numbers of a step', () => {
  it('are counted as training counts them', async () => {
    const made = await liveRun({ config: { training: { steps: 6, problemsPerStep: 3 }, switches: { nRollouts: 3, trigger: 'anyWrong' } } });
    await train(made.run);
    const { store } = made;
    // Refinements that were only tried belong to no step.
    const [lesson] = store.lessons('run', 'original');
    await runTrial(made.run, { critiqueId: lesson?.critique.id ?? '', samples: 3 });
    // Another scale of rewards, and nothing else.
    const id = store.beginRescoring('run', 'math');
    for (const page of store.rescoring('run', id).pages(7)) {
      store.addRevisions(
        'run',
        id,
        page.map(({ id: rolloutId }) => {
          const verdict = store.verdict('run', rolloutId);
          if (verdict === null) throw new Error('no verdict');
          return { ...verdict, reward: verdict.reward + 1 };
        }),
      );
    }
    const counted = store.standingVerdicts('run', 'current').changedSteps();
    const updates = store.updates('run');
    expect(counted.map(({ step }) => step)).toEqual(updates.map(({ step }) => step));
    for (const [i, { metrics }] of counted.entries()) {
      const trained = updates[i]?.metrics ?? {};
      const { reward, ...others } = metrics;
      expect(reward).toBeCloseTo((trained['reward'] ?? NaN) + 1, 12);
      expect(Object.keys(others).length).toBeGreaterThan(8);
      expect(others).toEqual(Object.fromEntries(Object.keys(others).map((name) => [name, trained[name]])));
    }
  });

  it('change in the steps alone whose verdicts did', () => {
    const { store } = filledStore({ run: steps });
    const { rolloutId } = oneOf('wrong');
    store.settleVerdict({ runId: 'run', rolloutId, status: 'right', author: 'Ada' });
    const [changed, ...others] = store.standingVerdicts('run', 'current').changedSteps();
    const step = Number(rolloutId.split('/')[1]);
    expect(others).toEqual([]);
    const own = stepBatch('run', step).verdicts.filter((verdict) => !refinements.has(verdict.rolloutId) && verdict.status !== 'failed');
    const right = own.filter(({ status }) => status === 'right').length;
    expect(changed).toMatchObject({ step, changed: 1, metrics: { passRate: (right + 1) / own.length, reward: (right + 1) / own.length } });
    expect(store.standingVerdicts('run', 'original').changedSteps()).toEqual([]);
  });
});
