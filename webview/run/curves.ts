/** The numbers of a run by step, grown as steps finish. */
import type { Update } from '../../backend/protocol/records.ts';
import type { Series } from '../../backend/protocol/views.ts';

/** Columns are named as in `run/series`: `loss`, `metrics.reward`, `seconds.sample`. */
export type RunCurves = Series;

export const noCurves: RunCurves = { steps: [], values: {} };

/** A step that is there already was made again, after a restart from a checkpoint: it and what followed it give way. */
export function withUpdate(curves: RunCurves, update: Update): RunCurves {
  const kept = curves.steps.findIndex((step) => step >= update.step);
  const count = kept === -1 ? curves.steps.length : kept;
  const row = rowOf(update);
  const names = new Set([...Object.keys(curves.values), ...Object.keys(row)]);
  const column = (name: string): readonly (number | null)[] => curves.values[name] ?? Array.from({ length: count }, () => null);
  return {
    steps: [...curves.steps.slice(0, count), update.step],
    values: Object.fromEntries([...names].map((name) => [name, [...column(name).slice(0, count), row[name] ?? null]])),
  };
}

/**
 * With what was read from a step on. Steps of the answer replace ours; steps that came by events after the answer was made stay.
 */
export function withSeries(curves: RunCurves, { steps, values }: Series): RunCurves {
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined) return curves;
  const before = curves.steps.findIndex((step) => step >= first);
  const head = before === -1 ? curves.steps.length : before;
  const after = curves.steps.findIndex((step) => step > last);
  const tail = after === -1 ? curves.steps.length : after;
  const names = new Set([...Object.keys(curves.values), ...Object.keys(values)]);
  const joined = (name: string): (number | null)[] => {
    const ours = column(curves, name);
    return [...ours.slice(0, head), ...(values[name] ?? steps.map(() => null)), ...ours.slice(tail)];
  };
  return {
    steps: [...curves.steps.slice(0, head), ...steps, ...curves.steps.slice(tail)],
    values: Object.fromEntries([...names].map((name) => [name, joined(name)])),
  };
}

/** The column, or nulls if the run has none of that name. */
export function column(curves: RunCurves, name: string): readonly (number | null)[] {
  return curves.values[name] ?? curves.steps.map(() => null);
}

/** A number made of several columns, step by step; null where one of them is. */
export function combined(curves: RunCurves, names: readonly string[], combine: (...values: number[]) => number): (number | null)[] {
  const columns = names.map((name) => column(curves, name));
  return curves.steps.map((_, i) => {
    const values = columns.map((values) => values[i] ?? null);
    if (values.some((value) => value === null)) return null;
    const result = combine(...(values as number[]));
    return Number.isFinite(result) ? result : null;
  });
}

/** Of the last step; null if it has no such number. */
export function newest(curves: RunCurves, name: string): number | null {
  return column(curves, name).at(-1) ?? null;
}

function rowOf({ metrics, seconds, loss, gradientNorm, learningRate, tokensSampled, tokensTrained, policyVersion }: Update): Record<string, number> {
  const grouped = (group: string, values: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(values).map(([name, value]) => [`${group}.${name}`, value]);
  return {
    ...Object.fromEntries([...grouped('metrics', metrics), ...grouped('seconds', seconds)]),
    ...{ loss, gradientNorm, learningRate, tokensSampled, tokensTrained, policyVersion },
  };
}
