import { describe, expect, it } from 'vitest';
import type { Failure } from '../../../extension/critiques/failure.ts';
import { critiqueInForce } from '../../../extension/critiques/failure.ts';
import { answerLines } from '../../../extension/critiques/answerLines.ts';
import { editStart, threadModel } from '../../../extension/critiques/threadModel.ts';
import { critique, failure, refinement, revision, trial } from './fixtures.ts';

const lines = answerLines(failure.attempt.rollout.completion);
const machine = critique();
const human = critique({ id: 'r1/c1~2', kind: 'human', author: 'Ada', revision: 2, supersedes: machine.id, text: 'Step 1 is fine. Look at step 2.' });
const enlistment = {
  id: 'e1',
  runId: 'run-1',
  critiqueId: human.id,
  rolloutId: 'r1',
  problemId: 'train-hard-012',
  author: 'Ada',
  createdAt: 0,
  fromStep: 58,
  untilStep: null,
};

function withHistory(history: Failure['history']): Failure {
  return { ...failure, attempt: { ...failure.attempt, critiques: history.map((view) => view.critique) }, history };
}

describe('threadModel', () => {
  it('invites a first critique', () => {
    expect(threadModel(failure, lines)).toMatchObject({ line: 0, entries: [], contextValue: 'empty', inForce: null });
  });

  it('stands at the step that the critique in force speaks of', () => {
    const model = threadModel(withHistory([revision()]), lines);
    expect(model.line).toBe(1);
    expect(model.label).toBe('Critique · step-level · revision 1');
    expect(model.contextValue).toBe('critiqued idle');
  });

  it('tells revisions with their trials in order, and what trains', () => {
    const refinements = [refinement('f1', 'Answer: 24.', 'wrong', human.id), refinement('f2', 'Answer: 26.', 'right', human.id)];
    const model = threadModel(
      withHistory([revision(), revision({ critique: human, trials: [trial(refinements, { critiqueId: human.id })], enlistment })]),
      lines,
    );
    expect(model.label).toBe('Critique · human · revision 2 · Ada · Trains from step 58');
    expect(model.contextValue).toBe('critiqued enlisted');
    expect(model.entries.map((entry) => entry.kind)).toEqual(['revision', 'revision', 'trial']);
    expect(model.entries[0]).toMatchObject({ isInForce: false });
    expect(model.entries[1]).toMatchObject({ isInForce: true, author: 'Ada', label: 'human · revision 2 · in force' });
    expect(model.entries[2]).toMatchObject({
      text: '1 of 2 right (95 %: 14–69 %) at policy version 57\nfirst refinement: wrong (wrong value): 24 is not 26',
      refinementId: 'f2',
    });
  });

  it('offers training again when a newer revision came after the enlisted one', () => {
    const newer = critique({ ...human, id: 'r1/c1~3', revision: 3, supersedes: human.id });
    const model = threadModel(withHistory([revision(), revision({ critique: human, enlistment }), revision({ critique: newer })]), lines);
    expect(model.contextValue).toBe('critiqued idle');
  });

  it('offers training again after a withdrawal', () => {
    const model = threadModel(withHistory([revision({ critique: human, enlistment: { ...enlistment, untilStep: 60 } })]), lines);
    expect(model.contextValue).toBe('critiqued idle');
  });
});

describe('critiqueInForce', () => {
  it.each([
    ['none', [], null],
    ['the newest revision', [machine, critique({ id: 'b', revision: 2 })], 'b'],
    ['a human one over a newer one of a critic', [human, critique({ id: 'b', revision: 9 })], human.id],
    ['the newest human one', [machine, human, critique({ ...human, id: 'h3', revision: 3 })], 'h3'],
  ])('is %s', (_name, critiques, id) => {
    expect(critiqueInForce(critiques)?.id ?? null).toBe(id);
  });
});

describe('editStart', () => {
  it('goes on with a draft on its own base, else from the critique in force', () => {
    const draft = { runId: 'run-1', rolloutId: 'r1', baseId: machine.id, text: 'mine', time: 1 };
    expect(editStart(human, draft)).toEqual({ baseId: machine.id, text: 'mine' });
    expect(editStart(human, null)).toEqual({ baseId: human.id, text: human.text });
    expect(editStart(null, null)).toEqual({ baseId: null, text: '' });
  });
});
