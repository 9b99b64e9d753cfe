/** The results table as data: a row a cell, a column a measure, in the order that a person chose. */
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { statsOf, type Measure, type Stats } from './measures.ts';

/** Absent: the order of the grid. `cell` sorts by label. */
export interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

export interface ResultRow {
  readonly label: string;
  /** Runs that are finished. */
  readonly runs: number;
  /** One a measure. */
  readonly stats: readonly (Stats | null)[];
}

export interface ResultsTable {
  readonly measures: readonly Measure[];
  readonly rows: readonly ResultRow[];
  /** The best mean of each measure that has a better end; null where nothing is to be compared. */
  readonly best: readonly (number | null)[];
}

/** Cells without a finished run have no row. */
export function resultsTable(cells: readonly CellResult[], measures: readonly Measure[], sort: Sort | null): ResultsTable {
  const rows = cells
    .filter(({ seeds }) => seeds.length > 0)
    .map(({ label, seeds }): ResultRow => ({ label, runs: seeds.length, stats: measures.map((measure) => statsOf(seeds, measure)) }));
  return {
    measures,
    rows: sorted(rows, measures, sort),
    best: measures.map((measure, i) =>
      bestOf(
        measure,
        rows.flatMap(({ stats }) => stats[i] ?? []),
      ),
    ),
  };
}

/** What the next click on a column's head leads to: the better end first, then the other, then the order of the grid. */
export function nextSort(sort: Sort | null, column: string, better: Measure['better']): Sort | null {
  const isFirstDescending = column !== 'cell' && better !== 'less';
  if (sort?.column !== column) return { column, isDescending: isFirstDescending };
  return sort.isDescending === isFirstDescending ? { column, isDescending: !isFirstDescending } : null;
}

/** Rows without the number stay at the end, whichever the direction. */
function sorted(rows: readonly ResultRow[], measures: readonly Measure[], sort: Sort | null): readonly ResultRow[] {
  if (sort === null) return rows;
  const sign = sort.isDescending ? -1 : 1;
  if (sort.column === 'cell') return [...rows].sort((a, b) => sign * a.label.localeCompare(b.label, 'en', { numeric: true }));
  const column = measures.findIndex(({ id }) => id === sort.column);
  if (column === -1) return rows;
  const valueOf = ({ stats }: ResultRow): number | null => stats[column]?.mean ?? null;
  return [...rows].sort((a, b) => {
    const [x, y] = [valueOf(a), valueOf(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
}

function bestOf({ better }: Measure, stats: readonly Stats[]): number | null {
  if (better === null || stats.length < 2) return null;
  const means = stats.map(({ mean }) => mean);
  if (means.every((mean) => mean === means[0])) return null;
  return better === 'more' ? Math.max(...means) : Math.min(...means);
}
