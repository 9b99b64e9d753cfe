/** Second opinions: disagreements are kept and listed, a person may settle them, and no verdict is ever changed. */
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../backend/protocol/records.ts';
import type { Store } from '../../../backend/store/store.ts';
import { newRun, problems, stepBatch, temporaryStore } from './stepRecords.ts';

type Opinion = NonNullable<Verdict['secondOpinion']>;

/** A step whose verdicts have the opinions that `say` gives. */
function recordStep(store: Store, step: number, say: (verdict: Verdict, at: number) => Opinion['status'] | undefined): readonly Verdict[] {
  const batch = stepBatch('run', step);
  const verdicts = batch.verdicts.map((verdict, at) => {
    const status = say(verdict, at);
    return status === undefined ? verdict : { ...verdict, secondOpinion: { grader: 'second', status, reason: `It is ${status}.` } };
  });
  store.record({ ...batch, verdicts });
  return verdicts;
}

const other = ({ status }: Verdict): Opinion['status'] => (status === 'right' ? 'wrong' : 'right');

function newStore(): Store {
  const { store } = temporaryStore();
  store.createRun(newRun('run'));
  return store;
}

describe('a disagreement', () => {
  it('is kept where the second grader judges otherwise, also where the first came to no judgment', () => {
    const store = newStore();
    const verdicts = recordStep(store, 0, (verdict, at) => (at === 0 ? other(verdict) : at === 1 ? 'failed' : at === 2 ? verdict.status : undefined));
    const { rows, total, open } = store.disagreements('run');
    expect([total, open]).toEqual([1, 1]);
    const [first] = verdicts;
    expect(rows).toEqual([
      {
        rolloutId: first?.rolloutId,
        isRefinement: false,
        step: 0,
        problemId: 'problem-0',
        question: 'What is 0 plus 0?',
        answer: problems[0]?.answer,
        verdict: { ...first, secondOpinion: undefined },
        secondOpinion: first?.secondOpinion,
        settlement: null,
      },
    ]);
  });

  it('may be about a refinement', () => {
    const store = newStore();
    const refinements = new Set<string>();
    for (let step = 0; step < 4; step++) {
      stepBatch('run', step).refinements.forEach(({ id }) => refinements.add(id));
      recordStep(store, step, (verdict) => (refinements.has(verdict.rolloutId) ? other(verdict) : undefined));
    }
    const { rows, total } = store.disagreements('run');
    expect(total).toBe(refinements.size);
    expect(refinements.size).toBeGreaterThan(0);
    expect(rows.every(({ isRefinement, rolloutId }) => isRefinement && refinements.has(rolloutId))).toBe(true);
    expect(rows.map(({ step }) => step)).toEqual(rows.map(({ step }) => step).sort((a, b) => a - b));
  });

  it('does not make a replay another one: what a second grader says may depend on the time it had', () => {
    const store = newStore();
    recordStep(store, 0, other);
    expect(() => recordStep(store, 0, () => undefined)).not.toThrow();
    expect(() => recordStep(store, 0, (_, at) => (at === 0 ? 'right' : 'failed'))).not.toThrow();
    expect(store.disagreements('run').total).toBe(stepBatch('run', 0).verdicts.length);
  });

  it('may come up when the history is graded again, and is listed with that', () => {
    const store = newStore();
    recordStep(store, 0, () => undefined);
    const id = store.beginRescoring('run', 'math');
    const [first, second] = stepBatch('run', 0).verdicts as [Verdict, Verdict];
    const revised = (verdict: Verdict): Verdict => ({
      ...verdict,
      verifier: 'math',
      status: other(verdict),
      secondOpinion: { grader: 'second', status: verdict.status === 'right' ? 'right' : 'wrong', reason: 'As before.' },
    });
    store.addRevisions('run', id, [revised(first), { ...second, verifier: 'math' }]);
    expect(store.disagreements('run').total).toBe(0);
    const { rows, total } = store.disagreements('run', { rescoringId: id });
    expect(total).toBe(1);
    expect(rows[0]).toMatchObject({ rolloutId: first.rolloutId, verdict: { verifier: 'math', status: other(first) }, settlement: null });
    expect(store.attempt('run', first.rolloutId)?.verdict).toEqual(first);
  });

  it('is listed in pages', () => {
    const store = newStore();
    for (let step = 0; step < 3; step++) recordStep(store, step, other);
    const all = store.disagreements('run', { limit: 1000 }).rows;
    const pages = [0, 7, 14, 21].flatMap((offset) => store.disagreements('run', { limit: 7, offset }).rows);
    expect(pages).toEqual(all.slice(0, 28));
  });
});

describe('a settlement', () => {
  it('is kept beside the verdict, the newest one counts, and the verdict stays as it is', () => {
    const store = newStore();
    const [verdict] = recordStep(store, 0, other);
    const rolloutId = verdict?.rolloutId ?? '';
    const before = store.attempt('run', rolloutId)?.verdict;
    store.settleVerdict({ runId: 'run', rolloutId, status: 'wrong', author: 'ann' });
    const settled = store.settleVerdict({ runId: 'run', rolloutId, status: 'right', author: 'bob', note: 'x = 4 is the same' });
    expect(settled).toEqual({ rolloutId, status: 'right', author: 'bob', note: 'x = 4 is the same', createdAt: 5000 });
    const page = store.disagreements('run');
    expect(page.rows.find((row) => row.rolloutId === rolloutId)?.settlement).toEqual(settled);
    expect(page.open).toBe(page.total - 1);
    expect(store.disagreements('run', { onlyOpen: true }).rows.map((row) => row.rolloutId)).not.toContain(rolloutId);
    expect(store.attempt('run', rolloutId)?.verdict).toEqual(before);
  });

  it('is refused for what was never graded', () => {
    const store = newStore();
    expect(() => store.settleVerdict({ runId: 'run', rolloutId: 'nobody', status: 'right', author: 'ann' })).toThrow(/no verdict on nobody/u);
    expect(() => store.settleVerdict({ runId: 'other', rolloutId: 'nobody', status: 'right', author: 'ann' })).toThrow(/no run other/u);
  });
});
