/** What critiques led to (arXiv 2506.03106, appendix E): valid critique, valid refinement, rescued question, of all runs or cell by cell. */
import { sum } from '../../backend/core/stats.ts';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { critiqueKindWords } from '../ui/words.ts';
import { statsOfValues, type Stats } from './measures.ts';

/** All runs together, or those of each cell. */
export type FunnelGrouping = 'together' | 'cells';

export interface FunnelRow {
  /** Null for all runs together. */
  readonly cell: string | null;
  /** Kind of the critiques, or their critic. */
  readonly critique: string;
  /** Sums over the runs. */
  readonly wrong: number;
  readonly right: number;
  readonly questions: number;
  readonly rescued: number;
  /** Shares of the runs: of critiques that are valid, of refinements of them that are right, of questions rescued. */
  readonly stages: readonly [validCritiques: Stats | null, validRefinements: Stats | null, rescuedQuestions: Stats | null];
}

/** Of one run and kind of critique. */
interface Shares extends Omit<FunnelRow, 'cell' | 'stages'> {
  readonly shares: readonly [number | null, number | null, number | null];
}

/** In training. */
export function trainingFunnel(cells: readonly CellResult[], grouping: FunnelGrouping): readonly FunnelRow[] {
  return grouped(cells, grouping, ({ seeds }) =>
    seeds.flatMap(({ funnel }) =>
      funnel.map(({ kind, wrong, refinedRight, questions, rescued, validCritiques, validRefinements, rescuedQuestions }): Shares => ({
        ...{ critique: critiqueKindWords[kind], wrong, right: refinedRight, questions, rescued },
        shares: [validCritiques, validRefinements, rescuedQuestions],
      })),
    ),
  );
}

/** After training, of the problems that were failed every time. */
export function rescueFunnel(cells: readonly CellResult[], grouping: FunnelGrouping): readonly FunnelRow[] {
  return grouped(cells, grouping, ({ seeds }) =>
    seeds.flatMap(({ rescue }) =>
      (rescue?.critics ?? []).map(({ critic, wrong, valid, right, questions, rescued }): Shares => ({
        ...{ critique: critic, wrong, right, questions, rescued },
        shares: [share(valid, wrong), share(right, valid), share(rescued, questions)],
      })),
    ),
  );
}

function grouped(cells: readonly CellResult[], grouping: FunnelGrouping, sharesOf: (cell: CellResult) => readonly Shares[]): readonly FunnelRow[] {
  if (grouping === 'together') return rowsOf(null, cells.flatMap(sharesOf));
  return cells.flatMap((cell) => rowsOf(cell.label, sharesOf(cell)));
}

/** A row a critique, in the order of their coming. */
function rowsOf(cell: string | null, all: readonly Shares[]): readonly FunnelRow[] {
  return [...new Set(all.map(({ critique }) => critique))].map((critique) => {
    const own = all.filter((shares) => shares.critique === critique);
    const total = (of: (shares: Shares) => number): number => sum(own.map(of));
    const stage = (index: 0 | 1 | 2): Stats | null => statsOfValues(own.flatMap(({ shares }) => shares[index] ?? []));
    return {
      ...{ cell, critique },
      wrong: total(({ wrong }) => wrong),
      right: total(({ right }) => right),
      questions: total(({ questions }) => questions),
      rescued: total(({ rescued }) => rescued),
      stages: [stage(0), stage(1), stage(2)],
    };
  });
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
