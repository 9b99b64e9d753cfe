/** Persistent failures as the sidebar has them: grouped by cause, sorted, filtered. */
import type { Cause } from '../../backend/protocol/records.ts';
import type { StandingFailure } from '../../backend/protocol/views.ts';

export const failureOrders = ['longestStreak', 'mostAttempts', 'lastSeen', 'problem'] as const;
export type FailureOrder = (typeof failureOrders)[number];

export interface FailureFilter {
  readonly level?: string;
  /** Words of the problem or its id; all must occur. */
  readonly text?: string;
}

export interface FailureGroup {
  readonly cause: Cause;
  readonly label: string;
  readonly failures: readonly StandingFailure[];
}

export const causeLabels: Readonly<Record<Cause, string>> = {
  wrongValue: 'Wrong value',
  noAnswer: 'No answer',
  unparsable: 'Unparsable answer',
  truncated: 'Truncated',
  verifierFailed: 'Verifier failed',
};
const causes = Object.keys(causeLabels) as Cause[];

/** The most frequent cause; of equals, the first of the list. Without any rollout on record: wrong value. */
export function mainCause({ causes: counts }: Pick<StandingFailure, 'causes'>): Cause {
  return causes.reduce((best, cause) => ((counts[cause] ?? 0) > (counts[best] ?? 0) ? cause : best), 'wrongValue' as Cause);
}

/** Groups without failures are left out. */
export function failureGroups(failures: readonly StandingFailure[], order: FailureOrder, filter: FailureFilter = {}): readonly FailureGroup[] {
  const shown = sorted(
    failures.filter((failure) => isMatch(failure, filter)),
    order,
  );
  return causes
    .map((cause) => ({ cause, label: causeLabels[cause], failures: shown.filter((failure) => mainCause(failure) === cause) }))
    .filter((group) => group.failures.length > 0);
}

export function levelsOf(failures: readonly StandingFailure[]): readonly string[] {
  return [...new Set(failures.flatMap(({ level }) => (level === null ? [] : [level])))].sort();
}

/** `16 wrong of 16 · 2 visits · step 34`, and how it stands now. */
export function failureDescription({ level, attempts, visitsFailed, lastStep, rescued }: StandingFailure): string {
  const parts = [
    level,
    `${attempts} ${attempts === 1 ? 'try' : 'tries'}`,
    `${visitsFailed}× in a row`,
    `step ${lastStep}`,
    rescued ? 'rescued' : null,
  ];
  return parts.filter((part) => part !== null).join(' · ');
}

/** In one sentence, for tooltips and screen readers. */
export function failureSentence({ problemId, attempts, visitsFailed, lastStep, solvedStep, rescued }: StandingFailure): string {
  const history = solvedStep === null ? 'never solved' : `solved at step ${solvedStep}, then lost`;
  const rescue = rescued ? '; a critique led to a right refinement in the last visit' : '';
  return `${problemId}: ${attempts} wrong answers in ${visitsFailed} visits in a row, last at step ${lastStep}; ${history}${rescue}.`;
}

function sorted(failures: readonly StandingFailure[], order: FailureOrder): readonly StandingFailure[] {
  const byProblem = (a: StandingFailure, b: StandingFailure): number => (a.problemId < b.problemId ? -1 : 1);
  const key = { longestStreak: 'visitsFailed', mostAttempts: 'attempts', lastSeen: 'lastStep' } as const;
  return [...failures].sort((a, b) => (order === 'problem' ? 0 : b[key[order]] - a[key[order]]) || byProblem(a, b));
}

function isMatch({ level, question, problemId }: StandingFailure, filter: FailureFilter): boolean {
  if (filter.level !== undefined && level !== filter.level) return false;
  const haystack = `${problemId} ${question}`.toLowerCase();
  return (filter.text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}
