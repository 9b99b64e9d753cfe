/** Scores in words: percentages, changes, and the order of levels. */
import type { Evaluation, LevelScore } from '../protocol/records.ts';
import type { Paint } from './terminalText.ts';

export interface LevelChange {
  readonly name: string;
  readonly from: LevelScore | undefined;
  readonly to: LevelScore | undefined;
}

/** Every level in the order of the data set, then all together. */
export function levelChanges(before: Evaluation, after: Evaluation | undefined): LevelChange[] {
  const levels = Object.entries(before.byLevel);
  return [...levels.map(([name, from]) => ({ name, from, to: after?.byLevel[name] })), { name: 'all', from: before.all, to: after?.all }];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** In percentage points, e.g. `+12.0`. Colored only when it leaves the 95 % interval of the first score: less may be chance. */
export function changeText({ from, to }: LevelChange, paint: Paint): string {
  if (from === undefined || to === undefined) return '';
  const change = 100 * (to.passAt1 - from.passAt1);
  const digits = Math.abs(change).toFixed(1);
  const text = digits === '0.0' ? '±0.0' : `${change > 0 ? '+' : '−'}${digits}`;
  const [low, high] = from.interval;
  if (to.passAt1 > high) return paint.good(text);
  return to.passAt1 < low ? paint.bad(text) : text;
}
