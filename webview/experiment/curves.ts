/** Curves over the steps of training: one a cell, or one a value of an axis, each the mean of its runs with their spread as a band. */
import { mean, standardDeviation } from '../../backend/core/stats.ts';
import type { CellResult, SeedResult } from '../../backend/protocol/experimentViews.ts';
import type { ChartModel, Curve, NumberFormat } from '../charts/curve.ts';
import { visibleText } from '../ui/visibleText.ts';
import { axesOf } from './ablation.ts';
import { lineLook } from './lineLook.ts';
import { mainMeasure, statsOf, tableMeasures } from './measures.ts';

/** One line of every chart. */
export interface LineGroup {
  readonly label: string;
  readonly runs: readonly SeedResult[];
}

export interface Lines {
  readonly groups: readonly LineGroup[];
  /** Groups that are not drawn: a chart holds only so many. */
  readonly left: number;
}

/** By name of an axis, or this. */
export const byCell = 'cell';

/** More lines than this cannot be told apart. */
const maxLines = 12;
/** A line a cell as long as there are no more. */
const fewCells = 6;

type Point = readonly [x: number, y: number];

/** By what lines can be made: each with its title. */
export function lineChoices(cells: readonly CellResult[]): readonly { readonly id: string; readonly title: string }[] {
  return [{ id: byCell, title: 'Cell' }, ...axesOf(cells).map(({ name, title }) => ({ id: name, title }))];
}

/** Where nobody has chosen. */
export function usualLines(cells: readonly CellResult[]): string {
  const [first] = axesOf(cells);
  return cells.length <= fewCells || first === undefined ? byCell : first.name;
}

/** In the order of the grid; where there are too many, the best ones. */
export function linesOf(cells: readonly CellResult[], by: string): Lines {
  const groups = groupsOf(cells, by).filter(({ runs }) => runs.length > 0);
  if (groups.length <= maxLines) return { groups, left: 0 };
  const measure = mainMeasure(tableMeasures(cells));
  const score = ({ runs }: LineGroup): number => (measure === null ? 0 : (statsOf(runs, measure)?.mean ?? -Infinity));
  const kept = new Set([...groups].sort((a, b) => score(b) - score(a)).slice(0, maxLines));
  return { groups: groups.filter((group) => kept.has(group)), left: groups.length - kept.size };
}

/** Those that have a number. */
export function chartsOf(groups: readonly LineGroup[]): readonly ChartModel[] {
  const lastStep = ({ curve, dynamics }: SeedResult): number =>
    Math.max(curve.at(-1)?.step ?? 0, ...Object.values(dynamics).map((points) => points.at(-1)?.[0] ?? 0));
  const xEnd = Math.max(1, ...groups.flatMap(({ runs }) => runs.map(lastStep)));
  return plans
    .map(({ pointsOf, hasDots, ...titles }): ChartModel => ({ ...titles, xAxis: 'step', xEnd, curves: curvesOf(groups, titles, pointsOf, hasDots) }))
    .filter(({ curves }) => curves.length > 0);
}

interface Plan {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly format: NumberFormat;
  /** Few points. */
  readonly hasDots: boolean;
  readonly pointsOf: (run: SeedResult) => readonly Point[];
}

const plans: readonly Plan[] = [
  {
    ...{ id: 'heldOut', title: 'Held-out pass@1', hint: 'Share of right answers to problems that are never trained on.' },
    ...{ format: 'share', hasDots: true, pointsOf: ({ curve }) => curve.map(({ step, passAt1 }) => [step, passAt1]) },
  },
  dynamics('passRate', 'Pass rate in training', 'Share of right rollouts of a step.', 'share'),
  dynamics('entropy', 'Entropy', 'Of the policy at the tokens it sampled, in nats: low means sure of itself, near 0 collapsed.', 'number'),
  dynamics('completionTokens', 'Answer length', 'Tokens of a rollout, mean of a step.', 'number'),
  dynamics('refinementTokens', 'Refinement length', 'Tokens of a refinement, mean of a step.', 'number'),
  dynamics(
    'conditionGap',
    'Condition gap',
    'How much likelier a refinement is with its critique than from the problem alone, in nats a token.',
    'number',
  ),
];

function dynamics(id: string, title: string, hint: string, format: NumberFormat): Plan {
  const smoothing = ' Running mean over a twentieth of the steps.';
  return { id, title, hint: hint + smoothing, format, hasDots: false, pointsOf: ({ dynamics }) => smoothed(dynamics[id] ?? []) };
}

function curvesOf(groups: readonly LineGroup[], { format }: Pick<Plan, 'format'>, pointsOf: Plan['pointsOf'], hasDots: boolean): readonly Curve[] {
  return groups.flatMap(({ label, runs }, i): Curve[] => {
    const single = runs.map(pointsOf).filter((points) => points.length > 0);
    if (single.length === 0) return [];
    const { x, means, spreads } = courseOf(single);
    const bound = (value: number): number => (format === 'share' ? Math.min(1, Math.max(0, value)) : value);
    const edge = (sign: 1 | -1): number[] => means.map((value, at) => bound(value + sign * (spreads[at] as number)));
    return [
      {
        ...{ id: `line:${label}`, label: visibleText(label), ...lineLook(i), x, values: means, hasDots },
        ...(single.length === 1 ? {} : { band: { low: edge(-1), high: edge(1) } }),
      },
    ];
  });
}

/** Mean and standard deviation of several runs at every step that all of them have. */
function courseOf(runs: readonly (readonly Point[])[]): { readonly x: number[]; readonly means: number[]; readonly spreads: number[] } {
  const maps = runs.map((points) => new Map(points));
  const x = [...(maps[0]?.keys() ?? [])].filter((step) => maps.every((map) => map.has(step)));
  const at = x.map((step) => maps.map((map) => map.get(step) as number));
  return { x, means: at.map(mean), spreads: at.map(standardDeviation) };
}

/** Over about a twentieth of the points, so that noise does not hide the course. */
function smoothed(points: readonly Point[]): readonly Point[] {
  const half = Math.floor(points.length / 40);
  return points.map(([x], i) => [x, mean(points.slice(Math.max(0, i - half), i + half + 1).map(([, y]) => y))]);
}

function groupsOf(cells: readonly CellResult[], by: string): readonly LineGroup[] {
  if (by === byCell) return cells.map(({ label, seeds }) => ({ label, runs: seeds }));
  const values = axesOf(cells).find(({ name }) => name === by)?.values ?? [];
  return values.map((value) => ({ label: value, runs: cells.filter((cell) => cell.values[by] === value).flatMap(({ seeds }) => seeds) }));
}
