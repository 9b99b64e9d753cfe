/** What one axis of the grid does: the runs with each of its values, and what changes when nothing else does. */
import { axisTitle } from '../../backend/protocol/experimentAxes.ts';
import type { CellResult, SeedResult } from '../../backend/protocol/experimentViews.ts';
import { statsOf, statsOfValues, type Measure, type Stats } from './measures.ts';

export interface GridAxis {
  readonly name: string;
  readonly title: string;
  /** In the order of the grid. */
  readonly values: readonly string[];
}

export interface AxisRow {
  readonly value: string;
  readonly stats: Stats | null;
  /**
   * Against the first value, over pairs of runs that are alike but for this axis, their seed included; null for the first value, and where there
   * are no such pairs.
   */
  readonly difference: Stats | null;
}

/** Axes along which cells differ. */
export function axesOf(cells: readonly CellResult[]): readonly GridAxis[] {
  const names = [...new Set(cells.flatMap(({ values }) => Object.keys(values)))];
  return names
    .map((name): GridAxis => {
      const values = cells.flatMap((cell) => cell.values[name] ?? []);
      return { name, title: axisTitle(name), values: [...new Set(values)] };
    })
    .filter(({ values }) => values.length > 1);
}

export function axisRows(cells: readonly CellResult[], { name, values }: GridAxis, measure: Measure): readonly AxisRow[] {
  const [first] = values;
  return values.map((value) => {
    const own = cells.filter((cell) => cell.values[name] === value);
    const runs = own.flatMap(({ seeds }) => seeds);
    const differences = value === first ? [] : own.flatMap((cell) => differencesOf(cell, cells, name, first, measure));
    return { value, stats: statsOf(runs, measure), difference: statsOfValues(differences) };
  });
}

function differencesOf(cell: CellResult, cells: readonly CellResult[], axis: string, first: string | undefined, measure: Measure): readonly number[] {
  const rival = cells.find((other) => other.values[axis] === first && isAlike(cell, other, axis));
  const bySeed = new Map<number, SeedResult>((rival?.seeds ?? []).map((run) => [run.seed, run]));
  return cell.seeds.flatMap((run) => {
    const other = bySeed.get(run.seed);
    const [mine, theirs] = [measure.of(run), other === undefined ? null : measure.of(other)];
    return mine === null || theirs === null ? [] : [mine - theirs];
  });
}

function isAlike(cell: CellResult, other: CellResult, but: string): boolean {
  return Object.keys(cell.values).every((axis) => axis === but || cell.values[axis] === other.values[axis]);
}
