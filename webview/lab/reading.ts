/** What a comparison of critics says, in a sentence that claims no more than the intervals allow. */
import type { CounterfactualEntry } from '../../backend/protocol/views.ts';
import { critics } from './critics.ts';

export function readingOf(entries: readonly CounterfactualEntry[]): string | null {
  const tried = entries.filter(({ error, success }) => error === null && success.total > 0);
  if (tried.length < 2) return null;
  const [best, second] = [...tried].sort((a, b) => rate(b) - rate(a) || b.success.interval[0] - a.success.interval[0]);
  if (best === undefined || second === undefined) return null;
  if (best.success.right === 0) return 'No critic led to a right refinement. Try other words, or more refinements.';
  const control = tried.find(({ critic }) => critic === 'none');
  const name = titleOf(best.critic);
  if (rate(best) === rate(second)) return `${name} and ${titleOf(second.critic)} did equally well; more refinements would tell them apart.`;
  if (control !== undefined && control !== best) {
    return isClearlyAbove(best, control)
      ? `${name} did best, and clearly better than a plain second attempt.`
      : `${name} did best, but its interval overlaps that of a plain second attempt: it may be chance. More refinements would tell.`;
  }
  return isClearlyAbove(best, second) ? `${name} did clearly best.` : `${name} did best, but the intervals of the best two overlap.`;
}

/** Name of the critic with the largest share of right refinements; null where none stands out. */
export function bestOf(entries: readonly CounterfactualEntry[]): string | null {
  const tried = entries.filter(({ error, success }) => error === null && success.right > 0);
  const [best, second] = [...tried].sort((a, b) => rate(b) - rate(a));
  return best === undefined || (second !== undefined && rate(second) === rate(best)) ? null : best.critic;
}

export function titleOf(name: string): string {
  return critics.find((critic) => critic.name === name)?.title ?? name;
}

function rate({ success: { right, total } }: CounterfactualEntry): number {
  return right / total;
}

function isClearlyAbove(a: CounterfactualEntry, b: CounterfactualEntry): boolean {
  return a.success.interval[0] > b.success.interval[1];
}
