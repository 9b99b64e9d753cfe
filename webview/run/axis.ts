/** Where a step lies on the horizontal axis: the step itself, tokens sampled up to its end, or minutes of training up to its end. */
import type { XAxis } from '../charts/curve.ts';
import { column, type RunCurves } from './curves.ts';

/** One place a step of the curves, ascending. */
export function placesOf(curves: RunCurves, xAxis: XAxis): readonly number[] {
  switch (xAxis) {
    case 'step':
      return curves.steps;
    case 'tokens': {
      const sampled = cumulative(column(curves, 'tokensSampled'));
      // Supervised training samples nothing: its tokens are those it trained on.
      return sampled.at(-1) === 0 ? cumulative(column(curves, 'tokensTrained')) : sampled;
    }
    case 'minutes': {
      const phases = Object.keys(curves.values).filter((name) => name.startsWith('seconds.'));
      const columns = phases.map((name) => column(curves, name));
      return cumulative(curves.steps.map((_, i) => columns.reduce((sum, values) => sum + (values[i] ?? 0), 0) / 60));
    }
  }
}

/** The place of the end of a step that may lie between those of the curves; 0 before the first. `places` are those of `placesOf`. */
export function placeOfStep(curves: RunCurves, places: readonly number[], xAxis: XAxis, step: number): number {
  if (xAxis === 'step') return step;
  const after = curves.steps.findIndex((other) => other > step);
  const index = (after === -1 ? curves.steps.length : after) - 1;
  return places[index] ?? 0;
}

function cumulative(values: readonly (number | null)[]): number[] {
  let total = 0;
  return values.map((value) => (total += value ?? 0));
}
