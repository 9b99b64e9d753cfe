import { describe, expect, it } from 'vitest';
import { filteredStepsOf, groupNamesOf, groupWords, isFiltered, isFilteredKind } from '../../../webview/rollouts/filteredGroups.ts';

const steps = new Set([2]);

describe('groups that dynamic sampling left out', () => {
  it('are in the steps that counted some', () => {
    expect(filteredStepsOf({ steps: [1, 2, 3, 4], values: { 'metrics.groupsFiltered': [0, 3, null, 1] } })).toEqual([2, 4]);
    expect(filteredStepsOf({ steps: [1], values: {} })).toEqual([]);
  });

  it.each([
    ['allRight', 2, true],
    ['allWrong', 2, true],
    ['mixed', 2, false],
    ['rescued', 2, false],
    ['allRight', 1, false],
    [null, 2, false],
  ] as const)('a row of the kind %s at step %i is among them: %s', (kind, step, expected) => {
    expect(isFilteredKind(kind, step, steps)).toBe(expected);
  });

  it('are also those of other kinds whose advantages are all 0, and those that only their length told apart', () => {
    expect(isFiltered({ kind: 'mixed', step: 2, zeroSignal: true }, steps)).toBe(true);
    expect(isFiltered({ kind: 'mixed', step: 2, zeroSignal: false }, steps)).toBe(false);
    expect(isFiltered({ kind: 'allRight', step: 2, zeroSignal: false }, steps)).toBe(true);
    expect(isFiltered({ kind: 'mixed', step: 1, zeroSignal: true }, steps)).toBe(false);
  });

  it('are called so, and say what became of them', () => {
    expect(groupWords('allRight', true).name).toBe('filtered: all right');
    expect(groupWords('allWrong', true).meaning).toMatch(/drew another problem in its place/);
    expect(groupWords('allWrong', false).name).toBe('all wrong');
  });

  it('can be filtered by in a run that has them', () => {
    expect(groupNamesOf(true)).toEqual({ allRight: 'filtered: all right', mixed: 'mixed', allWrong: 'filtered: all wrong', rescued: 'rescued' });
    expect(groupNamesOf(false).allRight).toBe('all right');
  });
});
