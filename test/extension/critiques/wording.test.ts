import { describe, expect, it } from 'vitest';
import { affectedTarget } from '../../../extension/critiques/affectedTarget.ts';
import { documentText } from '../../../extension/critiques/documentText.ts';
import { enlistmentText, outcomeText, refiningText, revisionText, trialText, verdictText } from '../../../extension/critiques/wording.ts';
import { critique, failure, refinement, revision, trial, wrong } from './fixtures.ts';

const enlistment = {
  id: 'e',
  runId: 'run-1',
  critiqueId: 'r1/c1',
  rolloutId: 'r1',
  problemId: 'p',
  author: 'Ada',
  createdAt: 0,
  fromStep: 58,
  untilStep: null,
};
const progress = { runId: 'run-1', step: 57, steps: 100, phase: 'sample', done: 12, total: 80 } as const;

describe('the words', () => {
  it.each([
    [verdictText(wrong), 'wrong (wrong value): 24 is not 26'],
    [verdictText(null), 'not graded'],
    [verdictText({ ...wrong, status: 'right', cause: null, reason: '' }), 'right'],
    [trialText(trial([refinement('f', 'x', 'right'), refinement('g', 'x', 'wrong')])), '1 of 2 right (95 %: 14–69 %) at policy version 57'],
    [revisionText(critique()), 'step-level · revision 1'],
    [revisionText(critique({ kind: 'human', author: 'Ada', revision: 3 })), 'human · revision 3 · Ada'],
    [enlistmentText(enlistment), 'Trains from step 58'],
    [enlistmentText({ ...enlistment, untilStep: 61 }), 'Trained on until step 61'],
    [enlistmentText(null), null],
    [outcomeText(revision()), 'not tried'],
    [outcomeText(revision({ trials: [trial([])], enlistment })), '0 of 0 right (95 %: 14–69 %) at policy version 57 · Trains from step 58'],
    [refiningText({ ...progress, activity: 'refining' }), '12 of up to 80 tokens'],
    [refiningText({ ...progress, activity: 'refining', total: null }), '12 tokens'],
    [refiningText({ ...progress, activity: 'training' }), 'after step 57, which is in progress'],
    [refiningText({ ...progress, activity: 'opening' }), 'opening the policy'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('documentText', () => {
  const subject = {
    ...failure,
    attempt: { ...failure.attempt, critiques: [critique()], refinements: [refinement('f1', 'Step 1: 1 + 1 = 2. Answer: 2.', 'wrong')] },
    history: [revision({ trials: [trial([refinement('f2', 'Answer: 26.', 'right')])] })],
  };
  const target = { runId: 'run-1', rolloutId: 'r1' };
  const draft = { ...target, baseId: null, text: 'mine', time: 0 };

  it.each([
    ['the answer', { part: 'answer', ...target }, 'Step 1: 30 + 5 = 35.\nStep 2: 35 - 11 = 24.\nAnswer: 24.\n'],
    ['a refinement of a step', { part: 'refinement', refinementId: 'f1', ...target }, 'Step 1: 1 + 1 = 2.\nAnswer: 2.\n'],
    ['a refinement of a trial', { part: 'refinement', refinementId: 'f2', ...target }, 'Answer: 26.\n'],
    ['a revision', { part: 'critique', critiqueId: 'r1/c1', ...target }, 'Step 2 is wrong: it should be - 9, not - 11.\n'],
    ['the draft', { part: 'draft', ...target }, 'mine\n'],
    ['a refinement that is not known', { part: 'refinement', refinementId: 'f9', ...target }, null],
    ['a revision that is not known', { part: 'critique', critiqueId: 'c9', ...target }, null],
  ] as const)('is that of %s', (_name, address, text) => {
    expect(documentText(address, subject, draft)).toBe(text);
  });

  it('of a draft that is gone is none', () => {
    expect(documentText({ part: 'draft', ...target }, subject, null)).toBeNull();
  });
});

describe('affectedTarget', () => {
  it.each([
    [{ type: 'critiqueRevised', critiqueId: 'c', rolloutId: 'r1', revision: 2 } as const, { runId: 'run-1', rolloutId: 'r1' }],
    [
      { type: 'critiqueEnlisted', enlistmentId: 'e', critiqueId: 'c', rolloutId: 'r1', problemId: 'p', fromStep: 5 } as const,
      { runId: 'run-1', rolloutId: 'r1' },
    ],
    [{ type: 'critiqueWithdrawn', enlistmentId: 'e', critiqueId: 'c', untilStep: 5 } as const, { runId: 'run-1', rolloutId: null }],
    [{ type: 'checkpointSaved', step: 5, path: 'p' } as const, null],
  ])('of %j', (body, affected) => {
    expect(affectedTarget({ seq: 1, runId: 'run-1', time: 0, body })).toEqual(affected);
  });
});
