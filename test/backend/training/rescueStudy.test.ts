/** Which problems fail every time, and what each critic makes of their wrong answers: counts known from the script. */
import { describe, expect, it } from 'vitest';
import { findPersistentFailures, rescueBy } from '../../../backend/training/rescueStudy.ts';
import { problems, scriptedRun, scriptOf, type Fate } from '../../support/scriptedRun.ts';

// Of 2 answers a problem: p0 fails twice, and the refinement of its second answer is right; p1 is right once; p2 fails for good; p3 never fails.
const fates: readonly Fate[] = [{ rollouts: 'WW', refinements: 'WR' }, { rollouts: 'WR' }, { rollouts: 'WW', refinements: 'WW' }, { rollouts: 'RR' }];
const study = async () => scriptedRun({ problems: problems(4), script: scriptOf(fates) });

describe('rescue study', () => {
  it('finds the problems of which every answer is wrong, with those answers', async () => {
    const { run } = await study();
    const { problems: asked, wrong } = await findPersistentFailures(run, { attempts: 2, limit: null });
    expect(asked).toBe(4);
    expect(wrong.map(({ rollout, verdict }) => [rollout.problemId, rollout.index, verdict.status])).toEqual([
      ['p0', 0, 'wrong'],
      ['p0', 1, 'wrong'],
      ['p2', 0, 'wrong'],
      ['p2', 1, 'wrong'],
    ]);
  });

  it('counts what critiques make of them', async () => {
    const { run } = await study();
    const { wrong } = await findPersistentFailures(run, { attempts: 2, limit: null });
    const counts = { wrong: 4, valid: 4, refined: 4, questions: 2, criticTokens: 0 };
    expect(await rescueBy(run, 'verdict', wrong)).toEqual({ ...counts, critic: 'verdict', right: 1, rescued: 1 });
    expect(await rescueBy(run, 'verdictAnswer', wrong)).toEqual({ ...counts, critic: 'verdict-answer', right: 1, rescued: 1 });
    // A second attempt without a critique is answered as the first one was.
    expect(await rescueBy(run, 'resample', wrong)).toEqual({ ...counts, critic: 'resample', right: 0, rescued: 0 });
  });

  it('does not ask a critic that compares with solutions about problems without one', async () => {
    const made = await scriptedRun({ problems: problems(4).map(({ solution: _, ...rest }) => rest), script: scriptOf(fates) });
    const { wrong } = await findPersistentFailures(made.run, { attempts: 2, limit: null });
    expect(await rescueBy(made.run, 'step-level', wrong)).toMatchObject({ wrong: 4, valid: 0, refined: 0, rescued: 0, questions: 2 });
  });

  it('records nothing, comes out alike each time, and can take a part of the problems', async () => {
    const { run, store } = await study();
    const before = store.lastSeq();
    const first = await findPersistentFailures(run, { attempts: 2, limit: null });
    expect(await findPersistentFailures(run, { attempts: 2, limit: null })).toEqual(first);
    expect((await findPersistentFailures(run, { attempts: 2, limit: 3 })).problems).toBe(3);
    await rescueBy(run, 'verdict', first.wrong);
    expect([store.lastSeq(), store.countRollouts(run.id)]).toEqual([before, 0]);
  });
});
