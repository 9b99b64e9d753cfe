/** How a chart looks: axes, colors and lines, all from the theme of the editor. Colors are asked for at each drawing. */
import type uPlot from 'uplot';
import { formatCompact } from '../ui/format.ts';
import { axisText, verticalRange } from './axes.ts';
import { colorVariable, type ChartColor, type ChartModel } from './curve.ts';
import type { Column, PlotData } from './plotData.ts';

export const plotHeight = 176;
const syncKey = 'run';

export type PlotHooks = Pick<uPlot.Options, 'hooks'>;

export function plotOptions(model: ChartModel, { columns, fills, isLog }: PlotData, width: number, hooks: uPlot.Hooks.Arrays): uPlot.Options {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: () => themeColor('--vscode-descriptionForeground', '#888'), font, ticks: { show: false }, gap: 4 };
  const grid = { stroke: gridColor, width: 1 };
  return {
    width,
    height: plotHeight,
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: syncKey, setSeries: false, scales: ['x', null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6, width: 1.5 },
      y: false,
    },
    scales: {
      x: { time: false },
      y: isLog ? { distr: 3 } : { range: (_plot, min: number | null, max: number | null) => verticalRange(model, min, max) },
    },
    axes: [
      {
        ...axis,
        grid: { ...grid, show: false },
        border: { show: true, stroke: gridColor, width: 1 },
        size: 24,
        ...(model.xAxis === 'step' ? { incrs: wholeIncrements } : {}),
        values: (_plot, splits) => splits.map((split) => formatCompact(split)),
      },
      {
        ...axis,
        grid,
        size: 50,
        space: 34,
        values: (_plot, splits, _axis, _space, increment) =>
          splits.map((split: number | null) => (split === null ? '' : axisText(split, isLog ? 0 : increment, model.format))),
      },
    ],
    series: [{}, ...columns.map(seriesOf)],
    bands: fills.map(({ upper, lower, column }): uPlot.Band => {
      const color = columns[column - 1]?.curve.color ?? 'blue';
      return { series: [upper, lower], fill: () => faded(color, model.isStacked === true ? 0.45 : 0.16) };
    }),
    hooks,
  };
}

const maxDots = 40;
const wholeIncrements = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1e6];

function seriesOf({ curve, role }: Column): uPlot.Series {
  const isLine = role === 'line' || role === 'area';
  return {
    stroke: () => (role === 'edge' ? 'transparent' : faded(curve.color, role === 'raw' ? 0.35 : 1)),
    width: isLine ? 1.75 : 1,
    dash: [...(curve.dash ?? [])],
    spanGaps: true,
    points: { show: isLine && ((curve.hasDots === true && curve.x.length <= maxDots) || curve.x.length === 1), size: 5 },
    ...(role === 'area' ? { fill: () => faded(curve.color, 0.45), fillTo: 0 } : {}),
  };
}

function gridColor(): string {
  return faded('foreground', 0.16);
}

/** A chart color of the theme, let through by `alpha`. */
export function faded(color: ChartColor, alpha: number): string {
  // A canvas knows no variables.
  const solid = themeColor(colorVariable(color), '#888');
  return alpha === 1 ? solid : `color-mix(in srgb, ${solid} ${Math.round(100 * alpha)}%, transparent)`;
}

function themeColor(variable: string, otherwise: string): string {
  return getComputedStyle(document.body).getPropertyValue(variable).trim() || otherwise;
}
