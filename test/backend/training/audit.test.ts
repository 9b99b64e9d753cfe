/** What is noticed about critiques and refinements: answers that are told, reasoning that is copied, and where that is kept. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verdictAnswer } from '../../../backend/critics/verdictAnswer.ts';
import type { AuditFlag, Critique } from '../../../backend/protocol/records.ts';
import { auditsOf, critiqueFlags, mentions, refinementFlags } from '../../../backend/training/audit.ts';
import { collectStep } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { train } from '../../../backend/training/trainer.ts';
import { problems, scriptedRun } from '../../support/scriptedRun.ts';

describe('mentions', () => {
  it.each([
    ['The right answer is 15.', '15', true],
    ['15', '15', true],
    ['so (15) it is', ' 15 ', true],
    ['150', '15', false],
    ['15.5', '15', false],
    ['0.15', '15', false],
    ['1,150', '150', false],
    ['x15', '15', false],
    ['It is a+b.', 'a+b', true],
    ['Anything', '', false],
    ['½ + 3', '3', true],
    ['It should be $1,234$.', '1234', true],
    ['It should be 1234.', '1,234', true],
    ['x = -15', '15', false],
    ['20-15', '15', true],
    ['It is −7', '-7', true],
    ['Step 2 is wrong.', '2', false],
    ['Step 2 is wrong, it gives 2.', '2', true],
    ['Use \\frac{1}{2} here', '1/2', true],
    ['That is \\boxed{\\dfrac{3}{4}}', '\\frac{3}{4}', true],
    ['So it is \\text{Paris}.', 'paris', true],
    ['parish', 'Paris', false],
  ])('%j, %j: %s', (text, answer, expected) => expect(mentions(text, answer)).toBe(expected));

  it('never fails, whatever a model writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, answer) => typeof mentions(text, answer) === 'boolean'),
    );
  });
});

const failed = 'First, 3 bags of 4 make 12 beads. Then 12 - 5 leaves 6 beads for her. So the final answer is \\boxed{6}.';

describe('a refinement', () => {
  it.each<[string, string, AuditFlag[]]>([
    ['that thinks again', 'First, 3 bags of 4 make 12 beads. Then 12 - 5 leaves 7 beads for her. So the final answer is \\boxed{7}.', []],
    ['that keeps the wrong step and changes the answer', failed.replace('boxed{6}', 'boxed{7}'), ['answerOnly']],
    ['that changes a word besides', failed.replace('boxed{6}', 'boxed{7}').replace('for her', 'to her'), ['answerOnly']],
    ['that says the same again', `  ${failed.toUpperCase()}\n`, ['unchanged']],
    ['that is another text', 'Let b be the number of beads. b = 3 * 4 - 5 = 7. The answer is 7.', []],
    ['that speaks of the critique', 'As you pointed out, 12 - 5 is 7. The answer is 7.', ['speaksOfCritique']],
  ])('%s', (_, completion, flags) => expect(refinementFlags({ completion, finish: 'stop' }, { completion: failed })).toEqual(flags));

  it('without any reasoning before and after changes the answer alone', () => {
    expect(refinementFlags({ completion: 'Answer: 7.', finish: 'length' }, { completion: 'Answer: 6.' })).toEqual(['answerOnly', 'cutOff']);
  });

  it('of any length is examined in no time', () => {
    const long = Array.from({ length: 20_000 }, (_, i) => `word${i % 7}`).join(' ');
    const started = performance.now();
    refinementFlags({ completion: `${long} 1`, finish: 'stop' }, { completion: `${long} x 2` });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('is flagged or not, whatever a model writes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(fc.property(text, text, (a, b) => Array.isArray(refinementFlags({ completion: a, finish: 'stop' }, { completion: b }))));
    fc.assert(fc.property(text, (a) => refinementFlags({ completion: a, finish: 'stop' }, { completion: a }).includes('unchanged')));
  });
});

it('a critique that was cut off is flagged, unless another stands in for it', () => {
  expect(critiqueFlags({ text: 'Step 1 is' }, '7', { isCutOff: true, fallback: null, error: null })).toEqual(['cutOff']);
  expect(critiqueFlags({ text: 'The answer is 7.' }, '7', { isCutOff: true, fallback: 'verdictAnswer', error: '' })).toEqual(['statesAnswer']);
});

it('flags are kept with the step, and rollouts found by them', async () => {
  const derivation = 'Step 1: 10 + 5 = 14. Answer: 14.';
  const script = ({ prompt, index }: { prompt: string; index: number }): string => {
    if (!prompt.endsWith('<r>')) return derivation;
    return index === 0 ? derivation.replace('Answer: 14', 'Answer: 15') : 'Step 1: 10 + 5 = 15. Answer: 15.';
  };
  const { run, store } = await scriptedRun({ problems: problems(1), script, parts: { critic: verdictAnswer } });
  await train(run);
  const rolloutId = 'run/1/p0/r0';
  expect(store.audits('run', rolloutId)).toEqual([
    { runId: 'run', id: `${rolloutId}/critique`, subject: 'critique', rolloutId, flags: ['statesAnswer'] },
    { runId: 'run', id: `${rolloutId}/refinement`, subject: 'refinement', rolloutId, flags: ['answerOnly'] },
  ]);
  const found = (flag: AuditFlag): string[] => store.rolloutPage({ runId: 'run', flag, order: 'oldest' }).rows.map(({ id }) => id);
  expect(found('statesAnswer')).toEqual(['run/1/p0/r0', 'run/1/p0/r1']);
  expect(found('cutOff')).toEqual([]);
  expect(store.countRollouts('run', { flag: 'answerOnly' })).toBe(2);
  expect(store.funnel('run').kinds).toMatchObject([
    { kind: 'verdictAnswer', refinedRight: 2, flagged: 2, refinedRightUnflagged: 0, problemsRescuedUnflagged: 0 },
  ]);
  expect(store.updates('run')[0]?.metrics).toMatchObject({ critiquesWithAnswer: 2, refinementsAnswerOnly: 2, refinementsRightUnflagged: 0 });
});

it('what a person wrote is examined when it is learned from', async () => {
  const { run } = await scriptedRun({
    problems: problems(1),
    script: () => 'Answer: 60.',
    config: { switches: { nRollouts: 1, trigger: 'anyWrong' } },
  });
  const [problem] = run.trainProblems;
  const { rollouts } = await collectStep(run, new StepScope(1, 0), run.trainProblems);
  const [rollout] = rollouts;
  if (problem === undefined || rollout === undefined) throw new Error('nothing was sampled');
  const critique: Critique = {
    ...{ id: `${rollout.id}/critique~2`, runId: 'run', rolloutId: rollout.id, kind: 'human', author: 'ann', text: 'It is 15, of course.' },
    ...{ revision: 2, supersedes: `${rollout.id}/critique`, createdAt: 0 },
  };
  const collected = await collectStep(run, new StepScope(2, 0), run.trainProblems, [{ problem, rollout, critique, isEnlisted: true }]);
  expect(auditsOf(collected, 'run')).toContainEqual({
    runId: 'run',
    id: critique.id,
    subject: 'critique',
    rolloutId: rollout.id,
    flags: ['statesAnswer'],
  });
});
