/** How a chart of the dashboard is planned, and what its lines are made of. */
import type { ChartColor, NumberFormat } from '../charts/curve.ts';
import { column, combined, type RunCurves } from './curves.ts';

export interface Line {
  readonly label: string;
  readonly color: ChartColor;
  readonly values: (curves: RunCurves) => readonly (number | null)[];
}

export interface ChartPlan {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly format: NumberFormat;
  readonly lines: readonly Line[];
  /** Areas on top of each other. */
  readonly isStacked?: boolean;
  readonly mayBeLog?: boolean;
  /** What other runs are compared by; the first line where it is left out. Of areas, the height of their sum or of a border between two. */
  readonly compared?: Pick<Line, 'label' | 'values'>;
}

export interface SectionPlan {
  readonly id: 'learning' | 'rescue' | 'policy' | 'optimization' | 'speed';
  readonly title: string;
  readonly charts: readonly ChartPlan[];
}

export function metric(name: string): Line['values'] {
  return (curves) => column(curves, `metrics.${name}`);
}

export function shareOf(part: string, whole: string): Line['values'] {
  return (curves) => combined(curves, [`metrics.${part}`, `metrics.${whole}`], (value, all) => (all === 0 ? NaN : value / all));
}

/** Of what most runs count to 0 at every step: nothing for those. */
export function unlessZero(values: Line['values']): Line['values'] {
  return (curves) => {
    const all = values(curves);
    return all.some((value) => value !== null && value !== 0) ? all : all.map(() => null);
  };
}

/** Only for runs that have one of the other numbers, anything but 0, at some step. */
export function beside(others: readonly string[], values: Line['values']): Line['values'] {
  return (curves) => {
    const isThere = others.some((name) => column(curves, `metrics.${name}`).some((value) => value !== null && value !== 0));
    return isThere ? values(curves) : curves.steps.map(() => null);
  };
}
