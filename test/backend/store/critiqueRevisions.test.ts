/** Critiques are revised, never overwritten; two people who revise the same one are told. */
import { describe, expect, it } from 'vitest';
import { filledStore, stepBatch } from './stepRecords.ts';

const runId = 'run';
const stepCount = 24;
const batches = Array.from({ length: stepCount }, (_, step) => stepBatch(runId, step));

describe('critiques', () => {
  const critique = batches.flatMap((batch) => batch.critiques)[0];
  if (critique === undefined) throw new Error('no critique');
  const { rolloutId } = critique;

  it('are revised without overwriting, and the revision is announced', () => {
    const { store } = filledStore({ [runId]: stepCount });
    const seq = store.eventsAfter(0, 10_000).length;
    const revised = store.reviseCritique({ runId, baseId: critique.id, text: 'Count the boxes first.', author: 'ann' });
    expect(revised).toEqual({
      id: `${critique.id}~2`,
      runId,
      rolloutId,
      kind: 'human',
      author: 'ann',
      text: 'Count the boxes first.',
      revision: 2,
      supersedes: critique.id,
      createdAt: 5000,
    });
    const third = store.reviseCritique({ runId, baseId: revised.id, text: 'Then add.', author: 'bob' });
    expect(third.id).toBe(`${critique.id}~3`);
    expect(store.attempt(runId, rolloutId)?.critiques).toEqual([critique, revised, third]);
    expect(store.critiqueInForce(runId, rolloutId)).toEqual(third);
    expect(store.eventsAfter(seq, 10).map(({ body }) => body)).toEqual([
      { type: 'critiqueRevised', critiqueId: revised.id, rolloutId, revision: 2 },
      { type: 'critiqueRevised', critiqueId: third.id, rolloutId, revision: 3 },
    ]);
  });

  it('conflict when the base was revised in the meantime, and nothing changes', () => {
    const { store } = filledStore({ [runId]: stepCount });
    store.reviseCritique({ runId, baseId: critique.id, text: 'Mine.', author: 'ann' });
    const before = store.attempt(runId, rolloutId);
    expect(() => store.reviseCritique({ runId, baseId: critique.id, text: 'No, mine.', author: 'bob' })).toThrow(
      expect.objectContaining({ code: 'critique.conflict', message: expect.stringContaining('revised by ann') as string }) as Error,
    );
    expect(() => store.reviseCritique({ runId, baseId: 'nothing', text: '', author: 'bob' })).toThrow(
      expect.objectContaining({ code: 'critique.missing' }) as Error,
    );
    expect(store.attempt(runId, rolloutId)).toEqual(before);
  });

  it('of a person win over later ones of a critic, and a replay keeps them', () => {
    const { store } = filledStore({ [runId]: stepCount });
    const human = store.reviseCritique({ runId, baseId: critique.id, text: 'Mine.', author: 'ann' });
    store.record({ runId, critiques: [{ ...critique, id: 'later', revision: 9, supersedes: critique.id }] });
    for (const batch of batches) store.record(batch);
    expect(store.critiqueInForce(runId, rolloutId)).toEqual(human);
    expect(store.critiqueInForce(runId, 'nothing')).toBeNull();
  });
});
