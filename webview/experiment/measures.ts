/** What a finished run is measured by: the columns of the results table, and what ablations are drawn of. */
import { mean, standardDeviation } from '../../backend/core/stats.ts';
import type { BenchmarkScores, CellResult, SeedResult } from '../../backend/protocol/experimentViews.ts';
import { averageOfSets, lastSteps, lateMean, neverSolvedShare, setScore, setsOfRuns } from '../../backend/protocol/runMeasures.ts';
import { formatValue, type NumberFormat } from '../charts/curve.ts';
import { visibleText } from '../ui/visibleText.ts';

export interface Measure {
  /** Stable: the order of the table is kept by it. */
  readonly id: string;
  /** Heads a column. */
  readonly title: string;
  /** Where it stands alone. */
  readonly name: string;
  /** What the number means, in a sentence. */
  readonly hint: string;
  readonly format: NumberFormat;
  /** Which end of it one wants; null where it is neither. */
  readonly better: 'more' | 'less' | null;
  /** Null where the run has no such number. */
  of(run: SeedResult): number | null;
}

/** Several runs by one number. */
export interface Stats {
  readonly mean: number;
  /** Unbiased standard deviation; 0 for one run. */
  readonly spread: number;
  readonly values: readonly number[];
}

/** Columns of the results table, in their order; those without any number are left out. */
export function tableMeasures(cells: readonly CellResult[]): readonly Measure[] {
  const runs = cells.flatMap(({ seeds }) => seeds);
  return [...heldOutMeasures(runs), ...setMeasures(runs), ...failureMeasures(runs), ...tokenMeasures].filter((measure) =>
    runs.some((run) => measure.of(run) !== null),
  );
}

/** What ablations can be drawn of: what the experiment is judged by first. */
export function ablationMeasures(cells: readonly CellResult[]): readonly Measure[] {
  const runs = cells.flatMap(({ seeds }) => seeds);
  const all = [...tableMeasures(cells), ...lateMeasures.filter((measure) => runs.some((run) => measure.of(run) !== null))];
  const main = mainMeasure(all);
  return main === null ? all : [main, ...all.filter((measure) => measure !== main)];
}

/** The average over evaluation sets, or the only set, or held-out pass@1 after training; null if there is none of them. */
export function mainMeasure(measures: readonly Measure[]): Measure | null {
  const byId = (id: string): Measure | undefined => measures.find((measure) => measure.id === id);
  return byId('sets') ?? measures.find(({ id }) => id.startsWith('set:')) ?? byId('after') ?? null;
}

/** Null where no run has the number. */
export function statsOf(runs: readonly SeedResult[], measure: Pick<Measure, 'of'>): Stats | null {
  return statsOfValues(runs.flatMap((run) => measure.of(run) ?? []));
}

export function statsOfValues(values: readonly number[]): Stats | null {
  return values.length === 0 ? null : { mean: mean(values), spread: standardDeviation(values), values };
}

/** `47.1 ± 0.8 %`; without a spread for one run, a dash for none. */
export function statsText(stats: Stats | null, format: NumberFormat): string {
  if (stats === null) return '–';
  if (stats.values.length === 1) return formatValue(stats.mean, format);
  if (format === 'share') return `${(100 * stats.mean).toFixed(1)} ± ${formatValue(stats.spread, format)}`;
  return `${formatValue(stats.mean, format)} ± ${formatValue(stats.spread, format)}`;
}

function heldOutMeasures(runs: readonly SeedResult[]): readonly Measure[] {
  const levels = [...new Set(runs.flatMap(({ byLevel }) => Object.keys(byLevel)))];
  const share = { format: 'share', better: 'more' } as const;
  return [
    {
      ...{ id: 'before', title: 'Before', name: 'Held-out pass@1 before training', hint: 'Of the model as it was.', format: 'share', better: null },
      of: ({ before }) => before,
    },
    { ...share, id: 'after', title: 'After', name: 'Held-out pass@1', hint: 'After training.', of: ({ after }) => after },
    ...levels.map((level): Measure => ({
      ...share,
      id: `level:${level}`,
      title: visibleText(level),
      name: `Held-out pass@1, ${visibleText(level)}`,
      hint: 'After training, of the problems of this level.',
      of: ({ byLevel }) => byLevel[level] ?? null,
    })),
  ];
}

function failureMeasures(runs: readonly SeedResult[]): readonly Measure[] {
  const attempts = runs[0]?.failures.attempts ?? 0;
  const what = `Training problems with no right answer in ${attempts === 1 ? 'one try' : `${attempts} tries`}`;
  return [
    {
      ...{
        id: 'failuresBefore',
        title: 'Never solved',
        name: 'Never solved before training',
        hint: `${what}.`,
        format: 'share',
        better: null,
      },
      of: (run) => neverSolvedShare(run, 'before'),
    },
    {
      ...{ id: 'failuresAfter', title: '→ after', name: 'Never solved after training', hint: `${what}.`, format: 'share', better: 'less' },
      of: (run) => neverSolvedShare(run, 'after'),
    },
  ];
}

const tokenMeasures: readonly Measure[] = [
  {
    ...{ id: 'tokensSampled', title: 'Sampled', name: 'Tokens sampled', hint: 'In training.', format: 'count', better: null },
    of: ({ tokens }) => tokens.sampled,
  },
  {
    ...{
      id: 'tokensTrained',
      title: 'Trained',
      name: 'Tokens trained on',
      hint: 'Each as often as it was trained on.',
      format: 'count',
      better: null,
    },
    of: ({ tokens }) => tokens.trained,
  },
  {
    ...{
      id: 'critiqueTokens',
      title: 'Critique',
      name: 'Critique length',
      hint: 'Of those that a model wrote, in tokens.',
      format: 'number',
      better: null,
    },
    of: ({ critiqueTokens }) => critiqueTokens,
  },
];

/** One a set that any run was scored on; their average where there are several, of the runs that have all. */
function setMeasures(runs: readonly SeedResult[]): readonly Measure[] {
  const sets = setsOfRuns(runs);
  const share = { format: 'share', better: 'more' } as const;
  const single = [...sets].map(([set, title]): Measure => {
    const { hint, of } = scoreOfSet(runs, set);
    return { ...share, id: `set:${set}`, title: visibleText(title), name: visibleText(title), hint, of };
  });
  if (single.length < 2) return single;
  return [
    ...single,
    {
      ...share,
      id: 'sets',
      title: 'Average',
      name: 'Average of the sets',
      hint: 'Each evaluation set counted alike.',
      of: (run) => averageOfSets(run, sets.keys()),
    },
  ];
}

function scoreOfSet(runs: readonly SeedResult[], set: string): Pick<Measure, 'hint' | 'of'> {
  const find = ({ benchmarks }: SeedResult): BenchmarkScores | undefined => benchmarks.find((scores) => scores.set === set);
  const example = runs.map(find).find((scores) => scores !== undefined);
  const of = (run: SeedResult): number | null => {
    const scores = find(run);
    return scores === undefined ? null : (setScore(scores)?.value ?? null);
  };
  if (example === undefined) return { hint: '', of };
  const { problems, published, greedy, sampled } = example;
  const how = greedy !== null ? 'Pass@1 of one greedy answer a problem' : `Avg@${sampled?.samples ?? 0} of sampled answers`;
  const size = problems === published ? `${problems} problems` : `${problems} of its ${published} problems`;
  return { hint: `${how}, ${size}.`, of };
}

const lateMeasures: readonly Measure[] = [
  late('entropy', 'Entropy', 'nats a token'),
  late('completionTokens', 'Answer length', 'tokens'),
  late('refinementTokens', 'Refinement length', 'tokens'),
  late('conditionGap', 'Condition gap', 'nats a token'),
];

function late(name: string, title: string, unit: string): Measure {
  return {
    ...{
      id: `late:${name}`,
      title,
      name: `${title} at the end`,
      hint: `Mean over the last ${lastSteps} steps, in ${unit}.`,
      format: 'number',
      better: null,
    },
    of: (run) => lateMean(run, name),
  };
}
