import { describe, expect, it } from 'vitest';
import type { RolloutFilter } from '../../../backend/protocol/views.ts';
import { groupNamesOf } from '../../../webview/rollouts/filteredGroups.ts';
import { chipsOf, isEmptyFilter, isSameFilter, stepFrom, withPart } from '../../../webview/rollouts/filter.ts';

describe('the filter', () => {
  it('sets, replaces and removes one part and leaves the others', () => {
    const filter = withPart(withPart({}, 'level', 'hard'), 'fromStep', 0);
    expect(filter).toEqual({ level: 'hard', fromStep: 0 });
    expect(withPart(filter, 'level', 'easy')).toEqual({ level: 'easy', fromStep: 0 });
    expect(withPart(filter, 'fromStep', undefined)).toEqual({ level: 'hard' });
  });

  it.each(['', '   '])('has no part for blank text %j', (text) => {
    expect(withPart({ text: 'dozen' }, 'text', text)).toEqual({});
  });

  it.each([
    ['12', 12],
    [' 7 ', 7],
    ['', undefined],
    ['1.5', undefined],
    ['-3', undefined],
    ['12e3', undefined],
    ['99999999999', undefined],
  ])('reads the step field %j as %j', (text, step) => {
    expect(stepFrom(text)).toBe(step);
  });

  it('shows one chip a part, in words', () => {
    const filter: RolloutFilter = {
      text: 'a dozen',
      status: 'wrong',
      cause: 'wrongValue',
      critiqueKind: 'verdictAnswer',
      groupKind: 'allWrong',
      fromStep: 0,
      problemId: 'p1',
    };
    expect(chipsOf(filter, groupNamesOf(false)).map(({ label }) => label)).toEqual([
      'problem: p1',
      'verdict: wrong',
      'cause: wrong value',
      'critique: verdict + answer',
      'group: all wrong',
      'from step: 0',
      'text: a dozen',
    ]);
    expect(chipsOf({ groupKind: 'allWrong' }, groupNamesOf(true))).toEqual([{ key: 'groupKind', label: 'group: filtered: all wrong' }]);
  });

  it('compares by parts', () => {
    expect(isSameFilter({ level: 'hard', toStep: 3 }, { toStep: 3, level: 'hard' })).toBe(true);
    expect(isSameFilter({ level: 'hard' }, {})).toBe(false);
    expect(isEmptyFilter({})).toBe(true);
    expect(isEmptyFilter({ fromStep: 0 })).toBe(false);
  });
});
