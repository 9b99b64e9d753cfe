import { describe, expect, it } from 'vitest';
import type { ProblemVisit } from '../../../backend/protocol/views.ts';
import { historyOf } from '../../../webview/gallery/explorerFixtures.ts';
import { pageOf } from '../../../webview/gallery/explorerRows.ts';
import { outcomeOf, rateOf, storyOf } from '../../../webview/rollouts/visits.ts';

const visit = (step: number, right: number, wrong: number, failed = 0): ProblemVisit => ({
  step,
  groupId: `g${step}`,
  kind: 'mixed',
  right,
  wrong,
  failed,
});

describe('visits of a problem', () => {
  it('are rated among the judged answers, with the Wilson interval', () => {
    expect(rateOf(visit(1, 2, 6, 3))).toMatchObject({ rate: 0.25 });
    expect(rateOf(visit(1, 2, 6, 3)).interval.map((bound) => bound.toFixed(3))).toEqual(['0.071', '0.591']);
    expect(rateOf(visit(1, 0, 0, 7))).toEqual({ step: 1, rate: null, interval: [0, 1] });
  });

  it.each([
    [[], 'The run has not visited this problem yet.'],
    [[visit(1, 0, 7)], 'Visited once, never answered right.'],
    [[visit(1, 0, 7), visit(9, 3, 4), visit(17, 0, 7)], 'Visited 3 times; solved at step 9, then lost.'],
    [[visit(1, 0, 7), visit(9, 3, 4)], 'Visited 2 times, first answered right at step 9; 3 of 7 right at the last visit.'],
  ])('come to a sentence', (visits, words) => {
    expect(outcomeOf(visits)).toBe(words);
  });

  it('hold their own attempts and critiques, oldest first', () => {
    const history = historyOf('chain-2');
    const story = storyOf(history, pageOf(3000, { runId: 'run', problemId: 'chain-2', limit: 200 }).rows);
    expect(story.map(({ visit: { step } }) => step)).toEqual(history.visits.map(({ step }) => step));
    expect(story[0]?.attempts.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(story.flatMap(({ critiques }) => critiques)).toHaveLength(history.critiques.length);
  });
});
