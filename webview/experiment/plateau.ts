/** A measure over an axis of numbers, such as the number of training problems: one line a value of another axis. */
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { axesOf, type GridAxis } from './ablation.ts';
import { statsOf, type Measure, type Stats } from './measures.ts';

export interface Plateau {
  /** Ascending. */
  readonly x: readonly number[];
  /** The values are drawn by their magnitude. */
  readonly isLog: boolean;
  readonly lines: readonly PlateauLine[];
  /** Axes that lines can be made of, and the one they are; `together` for one line of all runs. */
  readonly splits: readonly GridAxis[];
  readonly by: string;
}

export interface PlateauLine {
  readonly label: string;
  /** One a place of `x`. */
  readonly points: readonly (Stats | null)[];
}

export const together = 'together';

/** From here on, small values would lie on top of each other. */
const logRatio = 20;

/** Null where the axis has fewer than two numbers. `by`: the wanted split; null for the first other axis. */
export function plateauOf(cells: readonly CellResult[], axis: GridAxis, measure: Measure, by: string | null): Plateau | null {
  const x = [...new Set(axis.values.flatMap((value) => numberOf(value) ?? []))].sort((a, b) => a - b);
  const [first, last] = [x[0], x.at(-1)];
  if (x.length < 2 || first === undefined || last === undefined) return null;
  const splits = axesOf(cells).filter(({ name }) => name !== axis.name);
  const split = by === together ? undefined : (splits.find(({ name }) => name === by) ?? splits[0]);
  const lineOf = (label: string, own: readonly CellResult[]): PlateauLine => ({
    label,
    points: x.map((place) => {
      const there = own.filter(({ values }) => numberOf(values[axis.name] ?? '') === place);
      return statsOf(
        there.flatMap(({ seeds }) => seeds),
        measure,
      );
    }),
  });
  const lines =
    split === undefined
      ? [lineOf(measure.name, cells)]
      : split.values.map((value) =>
          lineOf(
            value,
            cells.filter(({ values }) => values[split.name] === value),
          ),
        );
  const isKnown = ({ points }: PlateauLine): boolean => points.some((stats) => stats !== null);
  return { x, isLog: first > 0 && last / first > logRatio, lines: lines.filter(isKnown), splits, by: split?.name ?? together };
}

/** Null for values in words, such as that of a setting that is left out. */
function numberOf(text: string): number | null {
  const value = Number(text);
  return text.trim() !== '' && Number.isFinite(value) ? value : null;
}
