import { describe, expect, it } from 'vitest';
import { lensesOf } from '../../../extension/critiques/lenses.ts';
import { critique, failure, revision } from './fixtures.ts';

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
const critiqued = { ...failure, attempt: { ...failure.attempt, critiques: [critique()] } };

describe('lensesOf', () => {
  it.each([
    ['an answer without a critique', failure, ['editCritique', 'openLab', 'nextFailure']],
    ['a critiqued one', { ...critiqued, history: [revision()] }, ['editCritique', 'refineCritique', 'trainOnCritique', 'openLab', 'nextFailure']],
    [
      'one that trains',
      { ...critiqued, history: [revision({ enlistment })] },
      ['editCritique', 'refineCritique', 'withdrawCritique', 'openLab', 'nextFailure'],
    ],
  ])('of %s', (_name, subject, commands) => {
    expect(lensesOf(subject).map(({ command }) => command)).toEqual(commands.map((command) => `critiqueGrpo.${command}`));
  });
});
