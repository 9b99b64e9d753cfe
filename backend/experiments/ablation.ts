/** Tables of an experiment: every cell, and what each axis of the grid does by itself. */
import { axisTitle } from '../protocol/experimentAxes.ts';
import type { CellResult, FunnelShares, RescueOfCritic, SeedResult } from '../protocol/experimentViews.ts';
import { judgedScore, lateMean, neverSolvedShare } from '../protocol/runMeasures.ts';
import type { Axis } from './grid.ts';
import { meanPercent, meanText, type ReportTable } from './reportTable.ts';

/** Held-out pass@1 before and after, by level, problems never solved, tokens: mean ± standard deviation over seeds. */
export function cellsTable(cells: readonly CellResult[]): ReportTable {
  const all = cells.flatMap(({ seeds }) => seeds);
  const levels = [...new Set(all.flatMap(({ byLevel }) => Object.keys(byLevel)))];
  const attempts = all[0]?.failures.attempts ?? 0;
  return {
    header: ['cell', 'seeds', 'before', 'after', ...levels, `never solved in ${attempts}`, 'sampled tokens', 'trained tokens'],
    rows: cells.map(({ label, seeds }) => [
      label,
      String(seeds.length),
      meanPercent(seeds.flatMap(({ before }) => before ?? [])),
      meanPercent(seeds.flatMap(({ after }) => after ?? [])),
      ...levels.map((level) => meanPercent(seeds.flatMap(({ byLevel }) => byLevel[level] ?? []))),
      meanPercent(seeds.flatMap((seed) => neverSolvedShare(seed, 'after') ?? [])),
      meanText(
        seeds.map(({ tokens }) => tokens.sampled),
        0,
      ),
      meanText(
        seeds.map(({ tokens }) => tokens.trained),
        0,
      ),
    ]),
    textColumns: 1,
  };
}

/**
 * What one axis does: for each of its values the score over all cells that have it, and the paired difference to the first value over cells that
 * are alike but for this axis, seed by seed, in percentage points. Mean ± standard deviation over cells and seeds.
 */
export function axisTable(cells: readonly CellResult[], { name, values }: Axis): ReportTable {
  const [first] = values;
  const scores = judgedScore(cells.flatMap(({ seeds }) => seeds));
  const rows = values.map((value) => {
    const own = cells.filter((cell) => cell.values[name] === value);
    const seeds = own.flatMap((cell) => cell.seeds);
    const differences = own.flatMap((cell) => {
      const rival = cells.find((other) => other.values[name] === first && isAlike(cell, other, name));
      return cell.seeds.flatMap((seed) => {
        const [mine, theirs] = [scores(seed), rival?.seeds.flatMap((other) => (other.seed === seed.seed ? (scores(other) ?? []) : []))[0]];
        return mine === null || theirs === undefined ? [] : [100 * (mine - theirs)];
      });
    });
    return [
      value,
      String(seeds.length),
      meanPercent(seeds.flatMap((seed) => scores(seed) ?? [])),
      value === first ? '–' : signed(differences),
      meanPercent(seeds.flatMap((seed) => neverSolvedShare(seed, 'after') ?? [])),
      meanText(
        seeds.flatMap((seed) => lateMean(seed, 'entropy') ?? []),
        3,
      ),
      meanText(
        seeds.flatMap((seed) => lateMean(seed, 'completionTokens') ?? []),
        1,
      ),
      meanText(
        seeds.flatMap(({ critiqueTokens }) => critiqueTokens ?? []),
        0,
      ),
    ];
  });
  const difference = `against ${first ?? ''}`;
  return {
    header: [axisTitle(name), 'runs', 'score', difference, 'never solved', 'entropy', 'answer tokens', 'critique tokens'],
    rows,
    textColumns: 1,
  };
}

/** The funnel of each kind of critique in each cell: shares as means over seeds, counts as sums. */
export function funnelTable(cells: readonly CellResult[]): ReportTable {
  const rows = cells.flatMap(({ label, seeds }) => {
    const kinds = [...new Set(seeds.flatMap(({ funnel }) => funnel.map(({ kind }) => kind)))];
    return kinds.map((kind) => {
      const own = seeds.flatMap(({ funnel }) => funnel.filter((shares) => shares.kind === kind));
      const total = (of: (shares: FunnelShares) => number): string => String(own.reduce((all, shares) => all + of(shares), 0));
      const share = (of: (shares: FunnelShares) => number | null): string => meanPercent(own.flatMap((shares) => of(shares) ?? []));
      return [
        label,
        kind,
        total(({ wrong }) => wrong),
        total(({ critiqued }) => critiqued),
        total(({ refinedRight }) => refinedRight),
        share(({ validCritiques }) => validCritiques),
        share(({ validRefinements }) => validRefinements),
        share(({ rescuedQuestions }) => rescuedQuestions),
      ];
    });
  });
  return {
    header: ['cell', 'critique', 'wrong', 'critiqued', 'refined right', 'valid critiques %', 'valid refinements %', 'questions rescued %'],
    rows,
    textColumns: 2,
  };
}

/** What each critic rescues of the problems that are left unsolved: shares as means over seeds, counts as sums. */
export function rescueTable(cells: readonly CellResult[]): ReportTable {
  const studies = cells.map(({ label, seeds }) => ({ label, seeds: seeds.flatMap(({ rescue }) => rescue ?? []) }));
  const attempts = studies.flatMap(({ seeds }) => seeds)[0]?.attempts ?? 0;
  const rows = studies.flatMap(({ label, seeds }) => {
    const failing = meanPercent(seeds.flatMap(({ persistent, problems }) => share(persistent, problems)));
    return [...new Set(seeds.flatMap(({ critics }) => critics.map(({ critic }) => critic)))].map((name) => {
      const own = seeds.flatMap(({ critics }) => critics.filter(({ critic }) => critic === name));
      return [
        ...[label, name, failing],
        String(own.reduce((all, { wrong }) => all + wrong, 0)),
        ...Object.values(rescueShares(own)).map(meanPercent),
      ];
    });
  });
  return {
    header: ['cell', 'critic', `pass@${attempts} = 0, %`, 'wrong answers', 'valid critiques %', 'valid refinements %', 'questions rescued %'],
    rows,
    textColumns: 2,
  };
}

/** Shares of the funnel, one a seed that has something to divide by. */
export function rescueShares(seeds: readonly RescueOfCritic[]) {
  return {
    validCritiques: seeds.flatMap(({ valid, wrong }) => share(valid, wrong)),
    validRefinements: seeds.flatMap(({ right, valid }) => share(right, valid)),
    rescuedQuestions: seeds.flatMap(({ rescued, questions }) => share(rescued, questions)),
  };
}

function share(part: number, whole: number): number[] {
  return whole === 0 ? [] : [part / whole];
}

/** Share of training problems with no right answer in the run's number of tries, before and after training. */
export function failuresTable(cells: readonly CellResult[]): ReportTable {
  const attempts = cells.flatMap(({ seeds }) => seeds)[0]?.failures.attempts ?? 0;
  const share = (seeds: readonly SeedResult[], when: 'before' | 'after'): string =>
    meanPercent(seeds.flatMap((seed) => neverSolvedShare(seed, when) ?? []));
  return {
    header: ['cell', 'training problems', `pass@${attempts} = 0 before, %`, `pass@${attempts} = 0 after, %`],
    rows: cells.map(({ label, seeds }) => [label, String(seeds[0]?.failures.problems ?? '–'), share(seeds, 'before'), share(seeds, 'after')]),
    textColumns: 1,
  };
}

function isAlike(cell: CellResult, other: CellResult, but: string): boolean {
  return Object.keys(cell.values).every((axis) => axis === but || cell.values[axis] === other.values[axis]);
}

function signed(differences: readonly number[]): string {
  if (differences.length === 0) return '–';
  const text = meanText(differences, 1);
  return text.startsWith('-') ? `−${text.slice(1)}` : `+${text}`;
}
