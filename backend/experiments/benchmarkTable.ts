/** Scores on evaluation sets as the tables of papers: a row a method, a column a set, the average last. */
import { mean } from '../core/stats.ts';
import type { BenchmarkScores, Score } from '../protocol/experimentViews.ts';
import { setScore } from '../protocol/runMeasures.ts';
import { csvTable, latexTable, markdownTable, meanPercent, type ReportTable } from './reportTable.ts';

export interface ScoredMethod {
  readonly label: string;
  /** The scores of each seed, or of the one model there is. */
  readonly seeds: readonly (readonly BenchmarkScores[])[];
}

/** Percentages. The average is over the sets of the table, each counted alike, of the seeds that have them all. */
export function resultsTable(methods: readonly ScoredMethod[]): ReportTable {
  const sets = setsOf(methods);
  return {
    header: ['method', ...sets.map(({ title }) => title), 'Avg'],
    rows: methods.map(({ label, seeds }) => [label, ...sets.map(({ set }) => meanPercent(valuesOf(seeds, set))), meanPercent(averages(seeds, sets))]),
    textColumns: 1,
  };
}

/** The same with numbers alone: mean and spread in columns of their own, as shares. */
export function resultsCsv(methods: readonly ScoredMethod[]): string {
  const sets = setsOf(methods);
  const header = ['method', 'set', 'metric', 'k', 'seeds', 'value', 'low', 'high', 'problems', 'published', 'failed', 'truncated'];
  const rows = methods.flatMap(({ label, seeds }) =>
    sets.flatMap(({ set }) => {
      const ofSet = seeds.flatMap((scores) => scores.find((score) => score.set === set) ?? []);
      const [first] = ofSet;
      if (first === undefined) return [];
      const tail = [String(first.problems), String(first.published), total(ofSet, 'failed'), total(ofSet, 'truncated')];
      return metricsOf(first).map(([metric, k]) => {
        const scores = ofSet.flatMap((score) => scoreAt(score, metric, k) ?? []);
        const [low, high] = [mean(scores.map(({ interval }) => interval[0])), mean(scores.map(({ interval }) => interval[1]))];
        const value = mean(scores.map((score) => score.value));
        return [label, set, metric, k, String(scores.length), ...[value, low, high].map((number) => number.toFixed(6)), ...tail];
      });
    }),
  );
  return csvTable({ header, rows });
}

/** The best mean of each column in bold. */
export function resultsLatex(methods: readonly ScoredMethod[]): string {
  const sets = setsOf(methods);
  const means = methods.map(({ seeds }) =>
    [...sets.map(({ set }) => valuesOf(seeds, set)), averages(seeds, sets)].map((values) => (values.length === 0 ? NaN : mean(values))),
  );
  const best = [...sets.keys(), sets.length].map((column) => Math.max(...means.map((row) => row[column] as number).filter(Number.isFinite)));
  return latexTable(resultsTable(methods), (row, column) => column > 0 && methods.length > 1 && means[row]?.[column - 1] === best[column - 1]);
}

/** Markdown of everything: the table, what it is made of, and each set with its intervals. */
export function resultsMarkdown(methods: readonly ScoredMethod[]): string {
  const { header, rows, textColumns } = resultsTable(methods);
  const sets = setsOf(methods);
  const first = methods.flatMap(({ seeds }) => seeds.flat())[0];
  const kind = first === undefined ? '' : first.greedy !== null ? 'pass@1 of one greedy answer a problem' : `avg@${first.sampled?.samples ?? 0}`;
  const differing = sets
    .filter(({ problems, published }) => problems !== published)
    .map(({ title, problems, published }) => `${title} ${problems} of ${published}`);
  return [
    `${kind}, in percent${methods.some(({ seeds }) => seeds.length > 1) ? ', mean ± standard deviation over seeds' : ''}.`,
    ...(differing.length === 0 ? [] : [`Problems asked where the published set has another number: ${differing.join(', ')}.`]),
    '',
    markdownTable(header, rows, textColumns),
    '',
    '95 % intervals: Wilson for greedy answers, from resampled problems for sampled ones; the mean of those of the seeds where there are several.',
    '',
    markdownTable(['method', 'set', 'metric', '%', '95 %', 'no verdict', 'cut off'], detailRows(methods, sets), 3),
  ].join('\n');
}

function detailRows(methods: readonly ScoredMethod[], sets: readonly BenchmarkScores[]): string[][] {
  return methods.flatMap(({ label, seeds }) =>
    sets.flatMap(({ set, title }) => {
      const ofSet = seeds.flatMap((scores) => scores.find((score) => score.set === set) ?? []);
      const [first] = ofSet;
      if (first === undefined) return [];
      return metricsOf(first).map(([metric, k]) => {
        const scores = ofSet.flatMap((score) => scoreAt(score, metric, k) ?? []);
        const ends = [0, 1].map((end) => (100 * mean(scores.map(({ interval }) => interval[end as 0 | 1]))).toFixed(1));
        const name = k === '' ? metric : `${metric.slice(0, metric.indexOf('@'))}@${k}`;
        return [label, title, name, meanPercent(scores.map(({ value }) => value)), ends.join('–'), total(ofSet, 'failed'), total(ofSet, 'truncated')];
      });
    }),
  );
}

type Metric = 'greedy pass@1' | 'avg@k' | 'pass@k' | 'maj@k';

/** avg@k is pass@1 of the sampled answers. */
function metricsOf({ greedy, sampled }: BenchmarkScores): (readonly [metric: Metric, k: string])[] {
  const greedyMetric = greedy === null ? [] : [['greedy pass@1', ''] as const];
  if (sampled === null) return greedyMetric;
  const of = (metric: Metric, scores: Readonly<Record<string, Score>>) =>
    Object.keys(scores)
      .filter((k) => k !== '1')
      .map((k) => [metric, k] as const);
  return [...greedyMetric, ['avg@k', String(sampled.samples)] as const, ...of('pass@k', sampled.passAtK), ...of('maj@k', sampled.majAtK)];
}

function scoreAt({ greedy, sampled }: BenchmarkScores, metric: Metric, k: string): Score | null {
  if (metric === 'greedy pass@1') return greedy;
  if (metric === 'avg@k') return sampled?.avg ?? null;
  return (metric === 'pass@k' ? sampled?.passAtK : sampled?.majAtK)?.[k] ?? null;
}

/** Over all seeds. */
function total(scores: readonly BenchmarkScores[], key: 'failed' | 'truncated'): string {
  return String(scores.reduce((all, score) => all + score[key], 0));
}

/** One entry a set, in order of first appearance. */
function setsOf(methods: readonly ScoredMethod[]): BenchmarkScores[] {
  return [...new Map(methods.flatMap(({ seeds }) => seeds.flat()).map((scores) => [scores.set, scores])).values()];
}

function valuesOf(seeds: ScoredMethod['seeds'], set: string): number[] {
  return seeds.flatMap((scores) => scores.filter((score) => score.set === set).flatMap((score) => setScore(score)?.value ?? []));
}

function averages(seeds: ScoredMethod['seeds'], sets: readonly BenchmarkScores[]): number[] {
  return seeds
    .filter((scores) => sets.every(({ set }) => scores.some((score) => score.set === set)))
    .map((scores) => mean(scores.flatMap((score) => setScore(score)?.value ?? [])));
}
