/** What came of critiques, and which ones a person should look at. */
import { describe, expect, it } from 'vitest';
import { filledStore, problems, stepBatch } from './stepRecords.ts';

const runId = 'run';
const stepCount = 24;
const batches = Array.from({ length: stepCount }, (_, step) => stepBatch(runId, step));
const critiques = batches.flatMap((batch) => batch.critiques);
const refinements = batches.flatMap((batch) => batch.refinements);
const rollouts = batches.flatMap((batch) => batch.rollouts);
const verdicts = new Map(batches.flatMap((batch) => batch.verdicts).map((verdict) => [verdict.rolloutId, verdict]));

describe('critiques to review', () => {
  it('are the newest one of each standing failure that did not help', () => {
    const { store } = filledStore({ other: 9, [runId]: stepCount });
    const expected = store.standingFailures(runId, 1).flatMap(({ problemId, level, question, solvedStep }) => {
      const own = rollouts.filter((rollout) => rollout.problemId === problemId && rollout.step > (solvedStep ?? -1));
      const useless = critiques.filter(({ id, rolloutId }) => {
        const answers = refinements.filter(({ critiqueId }) => critiqueId === id);
        return own.some((rollout) => rollout.id === rolloutId) && answers.every((answer) => verdicts.get(answer.id)?.status !== 'right');
      });
      const critique = useless.at(-1);
      if (critique === undefined) return [];
      const step = rollouts.find(({ id }) => id === critique.rolloutId)?.step;
      const answers = refinements.filter(({ critiqueId }) => critiqueId === critique.id);
      return [
        { critique, problemId, level, question, step, right: 0, total: answers.filter(({ id }) => verdicts.get(id)?.status === 'wrong').length },
      ];
    });
    expect(store.critiquesToReview(runId)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(1);
    expect(store.critiquesToReview(runId, 1)).toEqual(expected.slice(0, 1));

    // Once a person wrote about it, only newer critiques of that problem count.
    const [first] = expected;
    store.reviseCritique({ runId, baseId: first?.critique.id ?? '', text: 'Better.', author: 'ann' });
    expect(store.critiquesToReview(runId)).toEqual(expected.slice(1));
  });
});

describe('the history of a problem', () => {
  it('has every critique with the refinements that answer it', () => {
    const { store } = filledStore({ other: 9, [runId]: stepCount });
    for (const problem of problems) {
      const own = critiques.filter(({ rolloutId }) => rollouts.find(({ id }) => id === rolloutId)?.problemId === problem.id);
      const history = store.problemHistory(runId, problem.id);
      expect(history?.problem).toEqual(problem);
      expect(
        history?.critiques.map(({ critique, step, refinements: list }) => [critique.id, step, list.map(({ refinement }) => refinement.id)]),
      ).toEqual(
        own.map(({ id, rolloutId }) => [
          id,
          rollouts.find((rollout) => rollout.id === rolloutId)?.step,
          refinements.filter(({ critiqueId }) => critiqueId === id).map((refinement) => refinement.id),
        ]),
      );
    }
    expect(store.problemHistory(runId, 'nothing')).toBeNull();
  });
});

describe('a first critique by a person', () => {
  const criticized = new Set(critiques.map(({ rolloutId }) => rolloutId));
  const silent = rollouts.find(({ id }) => !criticized.has(id));

  it('is of a rollout that has none, and is revised like any other', () => {
    const { store } = filledStore({ [runId]: stepCount });
    const rolloutId = silent?.id ?? '';
    const seq = store.lastSeq();
    const critique = store.writeCritique({ runId, rolloutId, text: 'Count again.', author: 'ann' });
    expect(critique).toMatchObject({ id: `${rolloutId}/human`, kind: 'human', revision: 1, supersedes: null, author: 'ann' });
    expect(store.eventsAfter(seq, 10).map(({ body }) => body)).toEqual([
      { type: 'critiqueRevised', critiqueId: critique.id, rolloutId, revision: 1 },
    ]);
    expect(store.rolloutPage({ runId, critiqueKind: 'human' }).rows.map(({ id }) => id)).toEqual([rolloutId]);
    expect(store.countRollouts(runId, { text: '"count again"' })).toBe(1);
    expect(store.reviseCritique({ runId, baseId: critique.id, text: 'Twice.', author: 'bob' }).id).toBe(`${rolloutId}/human~2`);
    expect(store.critiqueHistory(runId, rolloutId).map(({ critique: { author, revision } }) => [author, revision])).toEqual([
      ['ann', 1],
      ['bob', 2],
    ]);
    expect(() => store.writeCritique({ runId, rolloutId, text: 'Me too.', author: 'eve' })).toThrow(/bob already .*revision 2/);
    expect(() => store.writeCritique({ runId, rolloutId: 'nothing', text: 'Me too.', author: 'eve' })).toThrow('no rollout nothing');
  });
});

describe('one answer', () => {
  it('is found with its place in its group', () => {
    const { store } = filledStore({ [runId]: stepCount });
    const [refinement] = refinements;
    if (refinement === undefined) throw new Error('no refinement');
    expect(store.refinement(runId, refinement.id)).toEqual({ refinement, verdict: verdicts.get(refinement.id) });
    expect(store.refinement(runId, 'nothing')).toBeNull();
    expect(store.membership(runId, refinement)).toBeNull();
    const group = batches[3]?.groups[0];
    const member = group?.members[1];
    const rollout = rollouts.find(({ id }) => id === member?.id);
    if (rollout === undefined) throw new Error('no rollout');
    expect(store.membership(runId, rollout)).toEqual(member);
  });
});
