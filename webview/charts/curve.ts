/** Curves over the progress of a run, as plain data. */
import { formatCompact, formatDuration, formatNumber, formatPercent } from '../ui/format.ts';

/** Names of the editor's chart colors: `--vscode-charts-<color>`. */
export type ChartColor = 'blue' | 'green' | 'red' | 'orange' | 'purple' | 'yellow' | 'foreground';

/** The CSS variable of a chart color. Orange is ours (`ui/page.css`). */
export function colorVariable(color: ChartColor): string {
  return color === 'orange' ? '--orange' : `--vscode-charts-${color}`;
}

/** A chart color for CSS. */
export function cssColor(color: ChartColor): string {
  return `var(${colorVariable(color)})`;
}

/** What the horizontal axis counts. All charts of a page have the same. */
export type XAxis = 'step' | 'tokens' | 'minutes';

export interface Curve {
  /** By which it is hidden: curves of one id are hidden together, in every chart. */
  readonly id: string;
  readonly label: string;
  readonly color: ChartColor;
  /** Lengths of dashes and gaps: another run than the page's. */
  readonly dash?: readonly number[];
  /** Ascending. */
  readonly x: readonly number[];
  /** One a place of `x`; null where there is no such number. */
  readonly values: readonly (number | null)[];
  /** An interval around each value. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
  /** Few values, each worth a dot, none to be smoothed. */
  readonly hasDots?: boolean;
}

export interface ChartModel {
  readonly id: string;
  readonly title: string;
  /** What the numbers mean, in a sentence. */
  readonly hint: string;
  readonly format: NumberFormat;
  readonly xAxis: XAxis;
  /** Where the horizontal axis ends, which starts at 0. Charts of a page have the same, so that they line up. */
  readonly xEnd: number;
  readonly curves: readonly Curve[];
  /** Areas on top of each other, which have the same `x`; dashed curves are lines over them. */
  readonly isStacked?: boolean;
  /** Drawn on a logarithmic scale when the values span several orders of magnitude. */
  readonly mayBeLog?: boolean;
}

export type NumberFormat = 'share' | 'number' | 'count' | 'seconds';

/** The newest number of a curve; null if it has none. */
export function lastValue({ values }: Pick<Curve, 'values'>): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

export function formatValue(value: number | null, format: NumberFormat): string {
  switch (format) {
    case 'share':
      return formatPercent(value);
    case 'count':
      return formatCompact(value === null ? null : Math.round(value));
    case 'seconds':
      return formatDuration(value);
    case 'number':
      return formatNumber(value);
  }
}

/** `step 12`, `1.2M tokens`, `3.4 min`. */
export function formatX(x: number, xAxis: XAxis): string {
  switch (xAxis) {
    case 'step':
      return `step ${Math.round(x).toLocaleString('en-US')}`;
    case 'tokens':
      return `${formatCompact(x)} tokens`;
    case 'minutes':
      return `${formatNumber(x)} min`;
  }
}

/** The index of the place at or before `x` that has a value; −1 if there is none. `xs` ascends. */
export function indexAt(xs: readonly number[], values: readonly (number | null | undefined)[], x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  let index = low - 1;
  while (index >= 0 && (values[index] ?? null) === null) index--;
  return index;
}

/** The value that a curve has at `x`: that of its last place up to there; none after its end, unless its places are few (`hasDots`). */
export function valueAt({ x: xs, values, hasDots }: Pick<Curve, 'x' | 'values' | 'hasDots'>, x: number): number | null {
  if (hasDots !== true && x > (xs.at(-1) ?? -Infinity)) return null;
  return values[indexAt(xs, values, x)] ?? null;
}

/** The values of a chart at `x`, or the newest ones, in words: for those who do not see it. */
export function valuesInWords({ curves, format }: ChartModel, x: number | null): string {
  const parts = curves.map((curve) => `${curve.label} ${formatValue(x === null ? lastValue(curve) : valueAt(curve, x), format)}`);
  return parts.length === 0 ? 'no numbers yet' : parts.join(', ');
}
