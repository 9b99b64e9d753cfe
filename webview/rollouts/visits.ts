/** A problem's visits as numbers to draw: how often it was answered right, and how sure that is. */
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { ProblemHistory, RolloutRow } from '../../backend/protocol/views.ts';

type Visit = ProblemHistory['visits'][number];
type CritiqueOfProblem = ProblemHistory['critiques'][number];

export interface VisitRate {
  readonly step: number;
  /** Share of right answers among the judged ones; null where none was judged. */
  readonly rate: number | null;
  /** 95 % Wilson interval. */
  readonly interval: readonly [number, number];
}

export function rateOf({ step, right, wrong }: Visit): VisitRate {
  const judged = right + wrong;
  return { step, rate: judged === 0 ? null : right / judged, interval: wilsonInterval(right, judged) };
}

/** Everything of one visit: its rollouts as far as they were read, and what was said of them. */
export interface VisitStory {
  readonly visit: Visit;
  readonly attempts: readonly RolloutRow[];
  readonly critiques: readonly CritiqueOfProblem[];
}

/** Oldest visit first; rollouts in order of their places. Critiques written later belong to the visit of the answer they speak of. */
export function storyOf({ visits, critiques }: ProblemHistory, attempts: readonly RolloutRow[]): readonly VisitStory[] {
  return visits.map((visit) => ({
    visit,
    attempts: attempts.filter(({ step }) => step === visit.step).sort((a, b) => a.index - b.index),
    critiques: critiques.filter(({ step }) => step === visit.step),
  }));
}

/** What became of the problem, in a sentence. */
export function outcomeOf(visits: readonly Visit[]): string {
  const last = visits.at(-1);
  if (last === undefined) return 'The run has not visited this problem yet.';
  const solved = visits.filter(({ right }) => right > 0);
  const lastSolved = solved.at(-1);
  const times = `Visited ${visits.length === 1 ? 'once' : `${visits.length} times`}`;
  if (lastSolved === undefined) return `${times}, never answered right.`;
  if (lastSolved === last)
    return `${times}, first answered right at step ${solved[0]?.step ?? last.step}; ${last.right} of ${last.right + last.wrong} right at the last visit.`;
  return `${times}; solved at step ${lastSolved.step}, then lost.`;
}
