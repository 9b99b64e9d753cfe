/** A comparison for people: a table with mean and spread, what it says in words, and the curves. */
import { mean } from '../core/stats.ts';
import { chart, type ChartLine, type Panel } from './chart.ts';
import { byLabel, type CurvePoint, type VariantResult } from './comparison.ts';

/** More sampled tokens than this share above its rival's is no longer an equal budget. */
const budgetTolerance = 0.02;

/** Markdown. */
export function comparisonReport(results: readonly VariantResult[]): string {
  const groups = byLabel(results);
  const levels = levelsOf(results);
  const header = [
    'variant',
    'seeds',
    ...levels,
    'all',
    ...levels.filter((level) => isTrained(results, level)).map((level) => `${level}: never solved`),
    'sampled tokens',
    'trained tokens',
    'seconds',
  ];
  const rows = [...groups].map(([label, runs]) => [
    label,
    String(runs.length),
    ...levels.map((level) =>
      spread(
        runs.map((run) => last(run)?.byLevel[level] ?? NaN),
        share,
      ),
    ),
    spread(
      runs.map((run) => last(run)?.passAt1 ?? NaN),
      share,
    ),
    ...levels
      .filter((level) => isTrained(results, level))
      .map(
        (level) =>
          `${spread(
            runs.map((run) => run.neverSolved[level] ?? NaN),
            String,
          )} of ${runs[0]?.trainProblems[level] ?? 0}`,
      ),
    spread(
      runs.map(({ tokens }) => tokens.sampled),
      thousands,
    ),
    spread(
      runs.map(({ tokens }) => tokens.trained),
      thousands,
    ),
    spread(
      runs.map(({ seconds }) => seconds),
      (value) => value.toFixed(0),
    ),
  ]);
  const start = results.flatMap(({ curve }) => curve.slice(0, 1));
  return [
    '# Comparison',
    '',
    `Held-out pass@1 after training, mean over seeds (lowest to highest). Before training: ${levels.map((level) => `${level} ${share(mean(start.map(({ byLevel: score }) => score[level] ?? NaN)))}`).join(', ')}.`,
    '"Never solved" counts training problems without a right answer in the run\'s number of tries after training.',
    '',
    table(header, rows),
    '',
    ...readings(groups, levels),
    '',
    '![curves](curves.svg)',
    '',
    '## Every run',
    '',
    table(
      ['variant', 'seed', ...levels, 'all', 'sampled tokens', 'trained tokens', 'seconds', 'peak MB'],
      results.map((run) => [
        run.label,
        String(run.seed),
        ...levels.map((level) => share(last(run)?.byLevel[level] ?? NaN)),
        share(last(run)?.passAt1 ?? NaN),
        thousands(run.tokens.sampled),
        thousands(run.tokens.trained),
        run.seconds.toFixed(0),
        String(run.peakRssMb),
      ]),
    ),
    '',
  ].join('\n');
}

/** Two panels: the level on which the variants differ most, and all problems. */
export function comparisonCurves(results: readonly VariantResult[]): string {
  const level = mostTelling(results);
  const labels = [...byLabel(results).keys()];
  const panel = (title: string, value: (point: CurvePoint) => number): Panel => ({
    title,
    xTitle: 'tokens sampled for training',
    yTitle: 'held-out pass@1',
    yRange: [0, 1],
    lines: [...byLabel(results)].flatMap(([label, runs]): ChartLine[] => {
      const color = labels.indexOf(label);
      const single = runs.map((run): ChartLine => ({
        label,
        color,
        isBold: false,
        points: run.curve.map((point) => [point.tokensSampled, value(point)]),
      }));
      const shortest = Math.min(...runs.map(({ curve }) => curve.length));
      const points = Array.from({ length: shortest }, (_, i) => {
        const at = runs.map(({ curve }) => curve[i] as CurvePoint);
        return [mean(at.map(({ tokensSampled }) => tokensSampled)), mean(at.map(value))] as const;
      });
      return [...single, { label, color, isBold: true, points }];
    }),
  });
  return chart([
    ...(level === undefined ? [] : [panel(`Level: ${level}`, ({ byLevel: score }) => score[level] ?? 0)]),
    panel('All held-out problems', ({ passAt1 }) => passAt1),
  ]);
}

/** What the numbers say, said from the numbers. */
function readings(groups: ReadonlyMap<string, readonly VariantResult[]>, levels: readonly string[]): string[] {
  const entries = [...groups];
  const best = entries.reduce<(typeof entries)[number] | undefined>((a, b) => (a !== undefined && meanAll(a[1]) >= meanAll(b[1]) ? a : b), undefined);
  if (best === undefined || entries.length < 2) return [];
  const [bestLabel, bestRuns] = best;
  const lines = entries.flatMap(([label, runs]): string[] => {
    if (label === bestLabel) return [];
    const pairs = bestRuns.flatMap((run) => runs.filter(({ seed }) => seed === run.seed).map((rival) => [run, rival] as const));
    if (pairs.length === 0) return [];
    const gaps = levels.map((level) => ({
      level,
      gaps: pairs.map(([a, b]) => 100 * ((last(a)?.byLevel[level] ?? NaN) - (last(b)?.byLevel[level] ?? NaN))),
    }));
    const widest = gaps.reduce((a, b) => (mean(a.gaps) >= mean(b.gaps) ? a : b));
    const overall = pairs.map(([a, b]) => 100 * ((last(a)?.passAt1 ?? NaN) - (last(b)?.passAt1 ?? NaN)));
    const [mine, theirs] = [mean(bestRuns.map(({ tokens }) => tokens.sampled)), mean(runs.map(({ tokens }) => tokens.sampled))];
    const budget =
      mine > theirs * (1 + budgetTolerance)
        ? ` It sampled ${(100 * (mine / theirs - 1)).toFixed(0)} % more tokens, so the budgets are not equal.`
        : '';
    const trained = mean(bestRuns.map(({ tokens }) => tokens.trained)) / mean(runs.map(({ tokens }) => tokens.trained));
    return [
      `- **${bestLabel}** ends ${points(overall)} points above **${label}** overall and ${points(widest.gaps)} on *${widest.level}* (lowest to highest of ${pairs.length} seeds), with ${(mine / theirs).toFixed(2)}× its sampled and ${trained.toFixed(1)}× its trained tokens.${budget}`,
    ];
  });
  return [
    ...lines,
    '- Groups whose members all fail or all succeed have no advantage and are not trained on; refinements give such groups a signal, hence the difference in trained tokens.',
  ];
}

function levelsOf(results: readonly VariantResult[]): string[] {
  const order = ['easy', 'medium', 'hard', 'harder'];
  const place = (level: string): number => (order.includes(level) ? order.indexOf(level) : order.length);
  return [...new Set(results.flatMap(({ curve }) => curve.flatMap((point) => Object.keys(point.byLevel))))].sort(
    (a, b) => place(a) - place(b) || a.localeCompare(b),
  );
}

function mostTelling(results: readonly VariantResult[]): string | undefined {
  const range = (level: string): number => {
    const means = [...byLabel(results).values()].map((runs) => mean(runs.map((run) => last(run)?.byLevel[level] ?? 0)));
    return Math.max(...means) - Math.min(...means);
  };
  return levelsOf(results)
    .filter((level) => isTrained(results, level))
    .reduce<string | undefined>((a, b) => (a !== undefined && range(a) >= range(b) ? a : b), undefined);
}

function isTrained(results: readonly VariantResult[], level: string): boolean {
  return results.some(({ trainProblems }) => (trainProblems[level] ?? 0) > 0);
}

function last({ curve }: VariantResult): CurvePoint | undefined {
  return curve.at(-1);
}

function meanAll(runs: readonly VariantResult[]): number {
  return mean(runs.map((run) => last(run)?.passAt1 ?? 0));
}

function spread(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const center = format(values.length === 1 ? low : mean(values));
  return low === high
    ? format(low)
    : `${Number.isInteger(low) && format === String ? mean(values).toFixed(1) : center} (${format(low)}–${format(high)})`;
}

function points(gaps: readonly number[]): string {
  return `${Math.min(...gaps).toFixed(1)} to ${Math.max(...gaps).toFixed(1)}`;
}

function share(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(3);
}

function thousands(value: number): string {
  return `${Math.round(value / 1000)}k`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
