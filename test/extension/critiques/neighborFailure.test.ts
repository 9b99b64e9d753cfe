import { describe, expect, it } from 'vitest';
import type { StandingFailure } from '../../../backend/protocol/views.ts';
import { neighborFailure } from '../../../extension/critiques/neighborFailure.ts';

function standing(problemId: string, newestRolloutId: string | null = `${problemId}-r`): StandingFailure {
  return {
    problemId,
    level: null,
    question: '',
    visitsFailed: 3,
    lastStep: 9,
    causes: {},
    attempts: 8,
    rescued: false,
    solvedStep: null,
    newestRolloutId,
  };
}

const failures = [standing('a'), standing('b'), standing('gone', null), standing('c')];

describe('neighborFailure', () => {
  it.each([
    ['a', 'next', 'b'],
    ['b', 'next', 'c'],
    ['c', 'next', 'a'],
    ['a', 'previous', 'c'],
    ['c', 'previous', 'b'],
    [null, 'next', 'a'],
    [null, 'previous', 'c'],
    ['solved meanwhile', 'next', 'a'],
  ] as const)('of %s, %s is %s', (from, direction, to) => {
    expect(neighborFailure(failures, from, direction)?.problemId).toBe(to);
  });

  it('is none in an empty list', () => {
    expect(neighborFailure([], 'a', 'next')).toBeNull();
    expect(neighborFailure([standing('a', null)], null, 'previous')).toBeNull();
  });
});
