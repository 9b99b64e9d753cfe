/** What is recorded comes back as it was, all or nothing, and a replay adds nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkbenchError } from '../../../backend/core/errors.ts';
import type { Event } from '../../../backend/protocol/events.ts';
import type { RecordBatch } from '../../../backend/store/recorder.ts';
import { filledStore, newRun, problems, stepBatch, temporaryStore } from './stepRecords.ts';

const runId = 'first';

describe('record', () => {
  it('gives back every field of every record exactly', () => {
    const { store } = filledStore({ [runId]: 12 });
    for (let step = 0; step < 12; step++) {
      const batch = stepBatch(runId, step);
      for (const group of batch.groups) {
        const detail = store.group(runId, group.id);
        expect(detail?.group).toEqual(group);
        expect(detail?.problem).toEqual(problems.find(({ id }) => id === group.problemId));
        const rollouts = batch.rollouts.filter(({ problemId }) => problemId === group.problemId);
        expect(detail?.attempts.map(({ rollout }) => rollout)).toEqual(rollouts);
        for (const attempt of detail?.attempts ?? []) {
          const { id } = attempt.rollout;
          expect(attempt).toEqual(store.attempt(runId, id));
          expect(attempt.verdict).toEqual(batch.verdicts.find(({ rolloutId }) => rolloutId === id));
          expect(attempt.critiques).toEqual(batch.critiques.filter(({ rolloutId }) => rolloutId === id));
          expect(attempt.refinements).toEqual(
            batch.refinements
              .filter(({ rolloutId }) => rolloutId === id)
              .map((refinement) => ({ refinement, verdict: batch.verdicts.find(({ rolloutId }) => rolloutId === refinement.id) })),
          );
        }
      }
      expect(store.updates(runId, step - 1)[0]).toEqual(batch.updates[0]);
    }
    expect(store.problem(runId, 'problem-0')).toEqual(problems[0]);
    expect(store.problem(runId, 'nothing')).toBeNull();
    expect(store.attempt(runId, 'nothing')).toBeNull();
    expect(store.group(runId, 'nothing')).toBeNull();
  });

  it('takes any text that a model may write, and knows it again', () => {
    const { store } = temporaryStore();
    store.createRun(newRun(runId));
    const [rollout] = stepBatch(runId, 0).rollouts;
    if (rollout === undefined) throw new Error('no rollout');
    let n = 0;
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a\0b', 'a\ud83d', '\udc00b', '😀', '\ufeffx')), (completion) => {
        const batch = { runId, rollouts: [{ ...rollout, id: `text-${n++}`, completion }] };
        expect(store.record(batch).replayed).toBe(0);
        expect(store.record(batch).replayed).toBe(1);
        const kept = store.attempt(runId, `text-${n - 1}`)?.rollout.completion;
        expect(kept).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(completion)).replaceAll('\0', '␀'));
      }),
    );
  });

  it('keeps evaluations and the failures they counted', () => {
    const { store } = filledStore({ [runId]: 1 });
    const all = { problems: 4, samples: 1, passAt1: 0.25, interval: [0.01, 0.7] as [number, number], passAtK: { '1': 0.25 }, neverSolved: 3 };
    const onTheWay = {
      runId,
      step: 1,
      set: 'heldOut' as const,
      samplesPerProblem: 1,
      temperature: 1,
      all,
      byLevel: { easy: all },
      tokensSampled: 9,
    };
    const final = { ...onTheWay, samplesPerProblem: 4 };
    const failure = { runId, step: 1, problemId: 'problem-1', level: 'hard', attempts: 8, causes: { noAnswer: 8 }, example: 'seven' };
    store.record({ runId, evaluations: [onTheWay, final], persistentFailures: [{ ...failure, step: 0 }, failure] });
    expect(store.evaluations(runId)).toEqual([onTheWay, final]);
    expect(store.recordedFailures(runId)).toEqual([failure]);
    expect(store.recordedFailures(runId, 0)).toEqual([{ ...failure, step: 0 }]);
  });

  it('takes verdicts, critiques and groups that come later than their rollouts', () => {
    const { store } = temporaryStore();
    store.createRun(newRun(runId));
    const whole = stepBatch(runId, 0);
    store.record({ runId, problems, rollouts: whole.rollouts });
    expect(store.rolloutPage({ runId }).rows.every(({ status, groupKind }) => status === null && groupKind === null)).toBe(true);
    store.record({ runId, verdicts: whole.verdicts });
    store.record({ runId, critiques: whole.critiques, refinements: whole.refinements });
    store.record({ runId, groups: whole.groups });
    const apart = store.rolloutPage({ runId }).rows;
    const together = filledStore({ [runId]: 1 }).store.rolloutPage({ runId }).rows;
    expect(apart).toEqual(together);
  });

  it('numbers events without a gap over all runs, and announces them after they are on disk', () => {
    const { store } = temporaryStore();
    const heard: Event[] = [];
    store.createRun(newRun('a'));
    store.createRun(newRun('b'));
    store.onEvents((events) => {
      expect(store.eventsAfter((events[0]?.seq ?? 0) - 1, 1000)).toEqual(events);
      heard.push(...events);
    });
    for (const step of [0, 1]) for (const id of ['a', 'b']) store.record(stepBatch(id, step));
    store.record(stepBatch('a', 0));
    store.record({ runId: 'b', events: [{ type: 'runStopped', step: 1, reason: 'finished', message: '' }] });
    expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
    expect(store.eventsAfter(0, 1000)).toEqual(heard);
    expect(store.eventsAfter(7, 3)).toEqual(heard.slice(7, 10));
    expect(store.eventsAfter(3, 4, 'b')).toEqual(heard.filter(({ seq, runId: id }) => seq > 3 && id === 'b').slice(0, 4));
  });

  it('announces in order when a listener records', () => {
    const { store } = temporaryStore();
    store.createRun(newRun(runId));
    const notice = (message: string): RecordBatch => ({ runId, events: [{ type: 'noticeRaised', code: 'a.b', message, step: 0 }] });
    const heard: number[] = [];
    store.onEvents(([event]) => {
      if (event?.seq === 1) store.record(notice('second'));
    });
    const stop = store.onEvents((events) => heard.push(...events.map(({ seq }) => seq)));
    store.record(notice('first'));
    expect(heard).toEqual([1, 2]);
    stop();
    store.record(notice('third'));
    expect(heard).toEqual([1, 2]);
  });

  it('writes nothing and tells nobody when one record of the batch is refused', () => {
    const { store } = temporaryStore();
    store.createRun(newRun(runId));
    let heard = 0;
    store.onEvents(() => heard++);
    const batch = stepBatch(runId, 0);
    const [update] = batch.updates;
    if (update === undefined) throw new Error('no update');
    expect(() => store.record({ ...batch, updates: [update, { ...update, loss: 9 }] })).toThrow(WorkbenchError);
    expect(() => store.record({ ...batch, updates: [{ ...update, runId: 'other' }] })).toThrow('A record of run other');
    expect(store.countRollouts(runId)).toBe(0);
    expect(store.eventsAfter(0, 10)).toEqual([]);
    expect(heard).toBe(0);
    store.record(batch);
    expect(store.eventsAfter(0, 1)[0]?.seq).toBe(1);
  });
});

describe('a replay', () => {
  it('is kept in silence, whatever its durations and times are', () => {
    const { store } = filledStore({ [runId]: 4 });
    const before = store.rolloutPage({ runId });
    let heard = 0;
    store.onEvents(() => heard++);
    for (let step = 0; step < 4; step++) {
      const batch = stepBatch(runId, step);
      const updates = batch.updates.map((update) => ({ ...update, seconds: { sample: 99 } }));
      const critiques = batch.critiques.map((critique) => ({ ...critique, createdAt: 99 }));
      const events = batch.events.map((body) => (body.type === 'stepFinished' && updates[0] !== undefined ? { ...body, update: updates[0] } : body));
      const result = store.record({ ...batch, updates, critiques, events });
      expect(result.events).toEqual([]);
      expect(result.replayed).toBe(
        [
          batch.problems,
          batch.rollouts,
          batch.verdicts,
          critiques,
          batch.critiqueCalls,
          batch.audits,
          batch.refinements,
          batch.groups,
          updates,
          events,
        ].flat().length,
      );
    }
    expect(heard).toBe(0);
    expect(store.rolloutPage({ runId })).toEqual(before);
    expect(store.updates(runId)[0]?.seconds).toEqual(stepBatch(runId, 0).updates[0]?.seconds);
  });

  it('does not mind that the workspace was moved, and announces each start and stop', () => {
    const { store } = filledStore({ [runId]: 1 });
    const start = { type: 'runStarted', algorithm: 'grpo', seed: 1, steps: 4, resumedFrom: null } as const;
    const saved = { type: 'checkpointSaved', step: 0, path: 'old/step-000000' } as const;
    expect(store.record({ runId, events: [start, saved] }).events).toHaveLength(2);
    expect(store.record({ runId, events: [start, { ...saved, path: 'new/step-000000' }] }).events.map(({ body }) => body)).toEqual([start]);
    expect(store.checkpoints(runId)).toEqual([{ step: 0, path: 'old/step-000000', time: 5000 }]);
  });

  const batch = stepBatch(runId, 2);
  const [rollout] = batch.rollouts;
  const [verdict] = batch.verdicts;
  const [group] = batch.groups;
  const [update] = batch.updates;
  if (rollout === undefined || verdict === undefined || group === undefined || update === undefined) throw new Error('an empty step');
  const changes: readonly { field: string; record: string; changed: Partial<RecordBatch> }[] = [
    { field: 'tokens[0] ', record: rollout.id, changed: { rollouts: [{ ...rollout, tokens: [-1, ...rollout.tokens.slice(1)] }] } },
    { field: `tokens[${rollout.tokens.length}] `, record: rollout.id, changed: { rollouts: [{ ...rollout, tokens: [...rollout.tokens, 5] }] } },
    {
      field: 'behaviorLogprobs[0] ',
      record: rollout.id,
      changed: { rollouts: [{ ...rollout, behaviorLogprobs: rollout.behaviorLogprobs.map((x) => x - 1e-6) }] },
    },
    { field: 'completion ', record: rollout.id, changed: { rollouts: [{ ...rollout, completion: 'other' }] } },
    { field: 'reason ', record: verdict.rolloutId, changed: { verdicts: [{ ...verdict, reason: 'other' }] } },
    {
      field: 'members[1].advantage ',
      record: group.id,
      changed: { groups: [{ ...group, members: group.members.map((m, i) => (i === 1 ? { ...m, advantage: 3 } : m)) }] },
    },
    { field: 'zeroSignal ', record: group.id, changed: { groups: [{ ...group, zeroSignal: !group.zeroSignal }] } },
    { field: 'metrics.entropy ', record: '2', changed: { updates: [{ ...update, metrics: { ...update.metrics, entropy: 2 } }] } },
    { field: 'metrics.more ', record: '2', changed: { updates: [{ ...update, metrics: { ...update.metrics, more: 2 } }] } },
    { field: 'gradientNorm ', record: '2', changed: { updates: [{ ...update, gradientNorm: update.gradientNorm + 1e-15 }] } },
    { field: 'update.loss ', record: 'stepFinished 2', changed: { events: [{ type: 'stepFinished', update: { ...update, loss: 0.5 } }] } },
  ];
  for (const { field, record, changed } of changes) {
    it(`that changes ${field.trim()} is refused by name`, () => {
      const { store } = filledStore({ [runId]: 3 });
      expect(() => store.record({ runId, ...changed })).toThrow(
        expect.objectContaining({
          code: 'run.diverged',
          message: expect.stringMatching(new RegExp(`Run first .*${escape(record)} has ${escape(field)}`)) as string,
        }) as WorkbenchError,
      );
    });
  }
});

function escape(text: string): string {
  return text.replace(/[[\].*+?^${}()|/]/g, '\\$&');
}
