/** Which failure of a step is told. */
import { describe, expect, it } from 'vitest';
import { collectStep } from '../../../backend/training/collect.ts';
import { StepScope } from '../../../backend/training/stepScope.ts';
import { storyOf } from '../../../backend/training/story.ts';
import { problems, scriptedRun, scriptOf, type Fate } from '../../support/scriptedRun.ts';

async function story(fates: readonly Fate[]) {
  const { run } = await scriptedRun({
    problems: problems(fates.length),
    script: scriptOf(fates),
    config: { switches: { nRollouts: 2, trigger: 'anyWrong' } },
  });
  return storyOf(1, await collectStep(run, new StepScope(1, 0), run.trainProblems));
}

const rescued = { rollouts: 'WW', refinements: 'WR' };
const repaired = { rollouts: 'RW', refinements: 'RR' };
const hopeless = { rollouts: 'WW', refinements: 'WW' };

describe('storyOf', () => {
  it.each<[string, readonly Fate[], string, boolean]>([
    ['a rescued problem', [hopeless, repaired, rescued], 'Ana has 12 beads', true],
    ['then one with a right refinement', [hopeless, repaired], 'Ana has 11 beads', true],
    ['then any', [{ rollouts: 'RR' }, hopeless], 'Ana has 11 beads', false],
  ])('tells of %s', async (_, fates, question, isRefinementRight) => {
    const told = await story(fates);
    expect(told).toMatchObject({ step: 1, isRefinementRight, critique: 'The answer is wrong.' });
    expect(told?.question).toContain(question);
  });

  it('has none where nothing was refined', async () => expect(await story([{ rollouts: 'RR' }])).toBeUndefined());
});
