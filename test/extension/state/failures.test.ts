import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { causeSchema } from '../../../backend/protocol/records.ts';
import type { StandingFailure } from '../../../backend/protocol/views.ts';
import {
  causeLabels,
  failureDescription,
  failureGroups,
  failureOrders,
  failureSentence,
  levelsOf,
  mainCause,
  type FailureFilter,
  type FailureOrder,
} from '../../../extension/state/failures.ts';
import { failureOf } from './fixtures.ts';

const failures: readonly StandingFailure[] = [
  failureOf('b', { causes: { truncated: 5, wrongValue: 3 }, visitsFailed: 5, attempts: 8, lastStep: 12, level: 'hard' }),
  failureOf('a', { causes: { wrongValue: 8 }, visitsFailed: 2, attempts: 20, lastStep: 30 }),
  failureOf('d', { causes: { wrongValue: 1, noAnswer: 1 }, visitsFailed: 2, attempts: 2, lastStep: 40, question: 'How many PEARS are left?' }),
  failureOf('c', { causes: { verifierFailed: 4 }, visitsFailed: 9, attempts: 4, lastStep: 7, level: null }),
];
const problemsOf = (order: FailureOrder, filter?: FailureFilter): string[] =>
  failureGroups(failures, order, filter).map((group) => `${group.cause}: ${group.failures.map(({ problemId }) => problemId).join(' ')}`);

describe('the cause of a failure', () => {
  it.each([
    [{}, 'wrongValue'],
    [{ truncated: 1 }, 'truncated'],
    [{ truncated: 2, noAnswer: 3 }, 'noAnswer'],
    // Equal counts: the order of the groups in the view.
    [{ unparsable: 2, wrongValue: 2 }, 'wrongValue'],
    [{ truncated: 2, unparsable: 2 }, 'unparsable'],
  ] as const)('of %j is %s', (causes, expected) => {
    expect(mainCause({ causes })).toBe(expected);
  });

  it('has a label, whatever it is', () => {
    expect(Object.keys(causeLabels).sort()).toEqual([...causeSchema.options].sort());
  });
});

describe('groups of failures', () => {
  it.each([
    ['longestStreak', ['wrongValue: a d', 'truncated: b', 'verifierFailed: c']],
    ['mostAttempts', ['wrongValue: a d', 'truncated: b', 'verifierFailed: c']],
    ['lastSeen', ['wrongValue: d a', 'truncated: b', 'verifierFailed: c']],
    ['problem', ['wrongValue: a d', 'truncated: b', 'verifierFailed: c']],
  ] as const)('are ordered by %s', (order, expected) => {
    expect(problemsOf(order)).toEqual(expected);
  });

  it.each<[FailureFilter, readonly string[]]>([
    [{ level: 'hard' }, ['truncated: b']],
    [{ level: 'nowhere' }, []],
    [{ text: 'pears LEFT' }, ['wrongValue: d']],
    [{ text: 'pears right' }, []],
    [{ text: ' ' }, ['wrongValue: a d', 'truncated: b', 'verifierFailed: c']],
    [{ level: 'easy', text: 'what' }, ['wrongValue: a']],
  ])('hold only what fits %j', (filter, expected) => {
    expect(problemsOf('problem', filter)).toEqual(expected);
  });

  it('hold every failure exactly once, in any order', () => {
    const failure = fc.record({
      problemId: fc.string({ minLength: 1 }),
      attempts: fc.nat(9),
      causes: fc.dictionary(fc.constantFrom(...causeSchema.options), fc.nat(3)),
    });
    fc.assert(
      fc.property(fc.uniqueArray(failure, { selector: ({ problemId }) => problemId }), fc.constantFrom(...failureOrders), (some, order) => {
        const given = some.map(({ problemId, ...facts }) => failureOf(problemId, facts));
        const shown = failureGroups(given, order).flatMap((group) => group.failures);
        expect(shown.length).toBe(given.length);
        expect(new Set(shown)).toEqual(new Set(given));
      }),
    );
  });

  it('name each level once, without the problems that have none', () => {
    expect(levelsOf(failures)).toEqual(['easy', 'hard']);
  });
});

describe('a failure in words', () => {
  it.each([
    [failureOf('p'), 'easy · 14 tries · 2× in a row · step 10'],
    [failureOf('p', { attempts: 1, level: null, rescued: true }), '1 try · 2× in a row · step 10 · rescued'],
  ])('as a row', (failure, expected) => {
    expect(failureDescription(failure)).toBe(expected);
  });

  it.each([
    [failureOf('p'), 'p: 14 wrong answers in 2 visits in a row, last at step 10; never solved.'],
    [failureOf('p', { solvedStep: 4 }), 'p: 14 wrong answers in 2 visits in a row, last at step 10; solved at step 4, then lost.'],
    [
      failureOf('p', { rescued: true }),
      'p: 14 wrong answers in 2 visits in a row, last at step 10; never solved; a critique led to a right refinement in the last visit.',
    ],
  ])('as a sentence', (failure, expected) => {
    expect(failureSentence(failure)).toBe(expected);
  });
});
