/** Figures of an experiment: curves over steps, plateaus over data sizes, dynamics of entropy and length, one line a cell. */
import { mean } from '../core/stats.ts';
import { axisTitle } from '../protocol/experimentAxes.ts';
import type { CellResult, ExperimentFigure, FunnelShares, SeedResult } from '../protocol/experimentViews.ts';
import { judgedScore } from '../protocol/runMeasures.ts';
import { rescueShares } from './ablation.ts';
import { barChart, type BarGroup } from './barChart.ts';
import { chart, niceTicks, type ChartLine, type Panel } from './chart.ts';
import type { Axis } from './grid.ts';

type Point = readonly [x: number, y: number];

/** Those for which the experiment has numbers. Names are file names without ending. */
export function figuresOf(cells: readonly CellResult[], axes: readonly Axis[]): ExperimentFigure[] {
  const withSeeds = cells.filter(({ seeds }) => seeds.length > 0);
  if (withSeeds.length === 0) return [];
  const curves = panel(withSeeds, { title: 'Held-out pass@1', yTitle: 'pass@1' }, ({ curve }) => curve.map(({ step, passAt1 }) => [step, passAt1]));
  const figures: ExperimentFigure[] = [];
  if (curves !== undefined) figures.push({ name: 'curves', title: 'Held-out pass@1 over steps', svg: chart([{ ...curves, yRange: [0, 1] }]) });
  figures.push(...dynamicsFigures(withSeeds));
  for (const axis of axes.filter(isNumeric)) figures.push(axisFigure(withSeeds, axis));
  figures.push(...passAtKFigure(withSeeds), ...funnelFigure(withSeeds), ...rescueFigure(withSeeds));
  return figures;
}

const dynamics = [
  {
    name: 'dynamics',
    title: 'Entropy and length over steps',
    panels: [
      { metric: 'entropy', title: 'Entropy of rollouts', yTitle: 'nats a token' },
      { metric: 'completionTokens', title: 'Length of rollouts', yTitle: 'tokens' },
    ],
  },
  {
    name: 'refinements',
    title: 'Refinements over steps',
    panels: [
      { metric: 'refinementTokens', title: 'Length of refinements', yTitle: 'tokens' },
      { metric: 'conditionGap', title: 'Condition gap', yTitle: 'nats a token' },
    ],
  },
] as const;

function dynamicsFigures(cells: readonly CellResult[]): ExperimentFigure[] {
  return dynamics.flatMap(({ name, title, panels }) => {
    const drawn = panels.flatMap(({ metric, ...titles }) => panel(cells, titles, (seed) => smoothed(seed.dynamics[metric] ?? [])) ?? []);
    return drawn.length === 0 ? [] : [{ name, title, svg: chart(drawn) }];
  });
}

/** Score over the values of an axis of numbers; the other axes make the lines. With data sizes these are the plateau curves. */
function axisFigure(cells: readonly CellResult[], axis: Axis): ExperimentFigure {
  const score = judgedScore(cells.flatMap(({ seeds }) => seeds));
  const others = (cell: CellResult): string =>
    Object.entries(cell.values)
      .filter(([name]) => name !== axis.name)
      .map(([, value]) => value)
      .join(' · ');
  const groups = [...new Set(cells.map(others))];
  const lines = groups.map((group, color): ChartLine => {
    const own = cells.filter((cell) => others(cell) === group && Number.isFinite(Number(cell.values[axis.name])));
    const points = own
      .map((cell): Point => [Number(cell.values[axis.name]), meanOrNaN(cell.seeds.flatMap((seed) => score(seed) ?? []))])
      .sort(([a], [b]) => a - b);
    return { label: group === '' ? 'score' : group, color, isBold: true, points };
  });
  const title = `Score by ${axisTitle(axis.name)}`;
  return {
    name: `by-${axis.name.replaceAll('.', '-')}`,
    title,
    svg: chart([{ title, xTitle: axisTitle(axis.name), yTitle: 'score', yRange: rangeOf(lines), lines }]),
  };
}

/** pass@k over k (in powers of two), one panel a set that was sampled. */
function passAtKFigure(cells: readonly CellResult[]): ExperimentFigure[] {
  const sets = new Map(cells.flatMap(({ seeds }) => seeds.flatMap(({ benchmarks }) => benchmarks.map(({ set, title }) => [set, title] as const))));
  const panels = [...sets].flatMap(([set, title]) => {
    const found = panel(cells, { title: `${title}: pass@k`, yTitle: 'pass@k' }, ({ benchmarks }) => {
      const sampled = benchmarks.find((scores) => scores.set === set)?.sampled;
      return Object.entries(sampled?.passAtK ?? {}).map(([k, { value }]): Point => [Math.log2(Number(k)), value]);
    });
    return found === undefined ? [] : [{ ...found, xTitle: 'log₂ k', yRange: [0, 1] as const }];
  });
  return panels.length === 0 ? [] : [{ name: 'pass-at-k', title: 'pass@k on the evaluation sets', svg: chart(panels) }];
}

const funnelSeries = ['valid critiques', 'valid refinements', 'questions rescued'] as const;

function funnelFigure(cells: readonly CellResult[]): ExperimentFigure[] {
  const groups = cells.flatMap(({ label, seeds }) => {
    const kinds = [...new Set(seeds.flatMap(({ funnel }) => funnel.map(({ kind }) => kind)))];
    return kinds.map((kind): BarGroup => {
      const own = seeds.flatMap(({ funnel }) => funnel.filter((shares) => shares.kind === kind));
      return {
        label: groupLabel(cells, label, kind),
        values: [meanOrNull(own, 'validCritiques'), meanOrNull(own, 'validRefinements'), meanOrNull(own, 'rescuedQuestions')],
      };
    });
  });
  const title = 'What critiques rescue in training';
  return groups.length === 0 ? [] : [{ name: 'funnel', title, svg: barChart(title, funnelSeries, groups) }];
}

function rescueFigure(cells: readonly CellResult[]): ExperimentFigure[] {
  const groups = cells.flatMap(({ label, seeds }) => {
    const critics = seeds.flatMap(({ rescue }) => rescue?.critics ?? []);
    return [...new Set(critics.map(({ critic }) => critic))].map((name): BarGroup => {
      const own = critics.filter(({ critic }) => critic === name);
      const { validCritiques, validRefinements, rescuedQuestions } = rescueShares(own);
      const values = [validCritiques, validRefinements, rescuedQuestions].map((shares) => (shares.length === 0 ? null : mean(shares)));
      return { label: groupLabel(cells, label, name), values };
    });
  });
  const title = 'What each critic rescues of what is left';
  return groups.length === 0 ? [] : [{ name: 'rescue', title, svg: barChart(title, funnelSeries, groups) }];
}

function groupLabel(cells: readonly CellResult[], cell: string, critic: string): string {
  return cells.length === 1 || cell === critic ? critic : `${cell} · ${critic}`;
}

function meanOrNull(shares: readonly FunnelShares[], key: 'validCritiques' | 'validRefinements' | 'rescuedQuestions'): number | null {
  const known = shares.flatMap((each) => each[key] ?? []);
  return known.length === 0 ? null : mean(known);
}

function isNumeric({ values }: Axis): boolean {
  return values.filter((value) => value.trim() !== '' && Number.isFinite(Number(value))).length > 1;
}

/** Thin lines are seeds, bold ones their mean; undefined where no seed has a point. */
function panel(
  cells: readonly CellResult[],
  titles: Pick<Panel, 'title' | 'yTitle'>,
  pointsOf: (seed: SeedResult) => readonly Point[],
): Panel | undefined {
  const lines = cells.flatMap(({ label, seeds }, color): ChartLine[] => {
    const single = seeds.map(pointsOf).filter((points) => points.length > 0);
    if (single.length === 0) return [];
    const thin = single.length === 1 ? [] : single.map((points): ChartLine => ({ label, color, isBold: false, points }));
    return [...thin, { label, color, isBold: true, points: meanLine(single) }];
  });
  return lines.length === 0 ? undefined : { ...titles, xTitle: 'step', yRange: rangeOf(lines), lines };
}

/** At each x that every seed has. */
function meanLine(lines: readonly (readonly Point[])[]): Point[] {
  const maps = lines.map((points) => new Map(points));
  const [first] = maps;
  return [...(first?.keys() ?? [])].filter((x) => maps.every((map) => map.has(x))).map((x) => [x, mean(maps.map((map) => map.get(x) as number))]);
}

/** A running mean over about a twentieth of the points, so that noise does not hide the course. */
function smoothed(points: readonly Point[]): Point[] {
  const half = Math.floor(points.length / 40);
  return points.map(([x], i) => [x, mean(points.slice(Math.max(0, i - half), i + half + 1).map(([, y]) => y))]);
}

function rangeOf(lines: readonly ChartLine[]): readonly [number, number] {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter(Number.isFinite);
  if (values.length === 0) return [0, 1];
  const ticks = niceTicks(Math.min(0, ...values), Math.max(...values));
  return [ticks[0] as number, ticks.at(-1) as number];
}

function meanOrNaN(values: readonly number[]): number {
  return values.length === 0 ? NaN : mean(values);
}
