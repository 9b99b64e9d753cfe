/** From curves to the columns that uPlot draws: hidden ones left out, smoothed, thinned, stacked, with their intervals. */
import uPlot from 'uplot';
import type { ChartModel, Curve } from './curve.ts';
import { averaged, decimated, within, type Points } from './decimation.ts';
import { smoothed } from './smoothing.ts';
import { spansMagnitudes, stacked } from './stacking.ts';

/** Part of the x axis on screen; null for all. */
export type XRange = readonly [from: number, to: number] | null;

export interface Look {
  readonly range: XRange;
  /** Weight of the moving average, from 0 (none) to under 1. */
  readonly smoothing: number;
  /** Ids of the curves not to draw. */
  readonly hidden: ReadonlySet<string>;
}

/** `area`: a line with all below it filled. `raw`: the values behind a smoothed curve. `edge`: a bound of an interval, itself not drawn. */
export interface Column {
  readonly curve: Curve;
  readonly role: 'area' | 'line' | 'raw' | 'edge';
}

export interface PlotData {
  readonly columns: readonly Column[];
  readonly data: uPlot.AlignedData;
  /** Pairs of columns (1-based, upper first) to fill between; `column` gives the color. */
  readonly fills: readonly { readonly upper: number; readonly lower: number; readonly column: number }[];
  readonly isLog: boolean;
}

/** Places of a stacked chart: about one each two pixels. */
const maxAreas = 200;

export function plotDataOf(model: ChartModel, { range, smoothing, hidden }: Look): PlotData {
  const shown = model.curves.filter(({ id }) => !hidden.has(id));
  const tables: Points[] = [];
  const columns: Column[] = [];
  const fills: PlotData['fills'][number][] = [];
  const add = (curve: Curve, role: Column['role'], values: Curve['values']): number => {
    const points = within({ x: curve.x, values }, range);
    tables.push(role === 'area' ? averaged(points, maxAreas) : decimated(points));
    return columns.push({ curve, role });
  };
  const drawn = (curve: Curve): Curve['values'] => (smoothing === 0 || curve.hasDots === true ? curve.values : smoothed(curve.values, smoothing));

  if (model.isStacked === true) {
    const areas = shown.filter(({ dash }) => dash === undefined);
    const totals = stacked(areas.map(drawn));
    areas.forEach((curve, i) => {
      const upper = add(curve, 'area', totals[i] ?? []);
      if (i > 0) fills.push({ upper, lower: upper - 1, column: upper });
    });
    for (const curve of shown) if (curve.dash !== undefined) add(curve, 'line', drawn(curve));
  } else {
    for (const curve of shown) {
      if (curve.band === undefined) continue;
      const upper = add(curve, 'edge', curve.band.high);
      fills.push({ upper, lower: add(curve, 'edge', curve.band.low), column: upper });
    }
    for (const curve of shown) if (drawn(curve) !== curve.values) add(curve, 'raw', curve.values);
    for (const curve of shown) add(curve, 'line', drawn(curve));
  }
  const data: uPlot.AlignedData = tables.length === 0 ? [[]] : uPlot.join(tables.map(({ x, values }): uPlot.AlignedData => [[...x], [...values]]));
  return { columns, data, fills, isLog: model.mayBeLog === true && spansMagnitudes(shown) };
}
