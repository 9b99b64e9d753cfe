/** What critics make of an answer of the made-up run. */
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { CounterfactualEntry } from '../../backend/protocol/views.ts';
import { attemptOf, refinementAt } from './explorerFixtures.ts';

export function counterfactualOf(
  critics: readonly string[],
  humanText: string | undefined,
  samples: number,
  rolloutId: string,
): readonly CounterfactualEntry[] {
  const names = [...critics, ...(humanText === undefined ? [] : ['human'])];
  const { critiques } = attemptOf(rolloutId);
  return names.map((critic) => {
    const share = { none: 0, verdict: 0, 'verdict-answer': 0.06, 'step-level': 0.62, self: 0.12, human: 0.9 }[critic] ?? 0;
    const right = Math.round(samples * share);
    const error = critic === 'self' ? 'The critic self has nothing to say: its answer was empty.' : null;
    const text =
      { none: '', verdict: 'The answer is wrong.', 'verdict-answer': 'The answer is wrong. It should be 61.', human: humanText ?? '' }[critic] ??
      critiques[0]?.text ??
      '';
    const refinements = error !== null ? [] : Array.from({ length: samples }, (_, i) => refinementAt(rolloutId, `trial-${critic}`, i, i < right, {}));
    const total = refinements.length;
    return {
      critic,
      text: error === null ? text : '',
      error,
      refinements,
      success: { right: total === 0 ? 0 : right, total, interval: wilsonInterval(total === 0 ? 0 : right, total) },
    };
  });
}
