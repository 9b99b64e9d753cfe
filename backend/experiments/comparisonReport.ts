/** A comparison for people: what was compared, a table with mean and spread, what the numbers say, every run, and the curves. */
import { mean } from '../core/stats.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { chart, type ChartLine, type Panel } from './chart.ts';
import { byLabel, type Comparison, type CurvePoint, type VariantResult } from './comparison.ts';
import { budgetTolerance, overBudget, readings } from './comparisonReading.ts';
import { markdownTable, triesText } from './reportTable.ts';

/** Markdown. `results` must not be empty. */
export function comparisonReport(comparison: Comparison): string {
  const { commands, results } = comparison;
  const [{ config, before }] = results as [VariantResult];
  return [
    '# Comparison',
    '',
    ...section('How it was made', [
      '```sh',
      ...commands,
      '```',
      '',
      `Model \`${config.model.path}\`, training problems \`${config.data.train}\`, held-out problems \`${config.data.heldOut ?? 'split from them'}\` ` +
        `(${before.all.problems}), ${config.training.steps} steps of ${config.training.problemsPerStep} problems.`,
      '',
      variantsTable(results),
    ]),
    ...section('After training', summaryLines(results)),
    ...section('Curves', [
      '![Held-out pass@1 against sampled tokens](curves.svg)',
      '',
      `Thin lines are single runs, bold ones means over seeds. The first and the last point of a run have ${config.evaluation.finalSamples} samples ` +
        `a problem, those between ${config.evaluation.samples}.`,
    ]),
    ...section('Every run', [runsTable(results)]),
  ].join('\n');
}

/** The part of the report that a terminal shows, too. */
export function summaryLines(results: readonly VariantResult[]): string[] {
  const levels = levelsOf(results);
  const [{ before, config }] = results as [VariantResult];
  const start = levels.map((level) => `${level} ${share(before.byLevel[level]?.passAt1)}`);
  return [
    `Held-out pass@1, mean over seeds (lowest–highest). Before training: ${[...start, `all ${share(before.all.passAt1)}`].join(', ')}.`,
    `"Never solved" counts training problems without a right answer in ${triesText(config.evaluation.failureAttempts)} after training. ` +
      'Tokens and seconds are those of the training steps.',
    '',
    resultsTable(results, levels),
    ...(overBudget(results).length === 0 ? [] : ['', `† More than ${100 * budgetTolerance} % above the fewest sampled tokens.`]),
    '',
    ...readings(results, tellingLevel(results)),
  ];
}

/** Two panels: the level on which the variants differ most, and all held-out problems. */
export function comparisonCurves(results: readonly VariantResult[]): string {
  const groups = [...byLabel(results)];
  const panel = (title: string, value: (point: CurvePoint) => number): Panel => ({
    title,
    xTitle: 'tokens sampled for training',
    yTitle: 'held-out pass@1',
    yRange: [0, 1],
    lines: groups.flatMap(([label, runs], color): ChartLine[] => {
      const single = runs.map(({ curve }) => curve.map((point) => [point.tokensSampled, value(point)] as const));
      const shortest = Math.min(...single.map((points) => points.length));
      const middle = Array.from({ length: shortest }, (_, i) => {
        const at = single.map((points) => points[i] as readonly [number, number]);
        return [mean(at.map(([x]) => x)), mean(at.map(([, y]) => y))] as const;
      });
      return [...single.map((points) => ({ label, color, isBold: false, points })), { label, color, isBold: true, points: middle }];
    }),
  });
  const level = tellingLevel(results);
  return chart([
    ...(level === undefined ? [] : [panel(`Level: ${level}`, ({ byLevel }) => byLevel[level] ?? NaN)]),
    panel('All held-out problems', ({ passAt1 }) => passAt1),
  ]);
}

/** Levels of the held-out problems, in the order of the data set. */
export function levelsOf(results: readonly VariantResult[]): string[] {
  return [...new Set(results.flatMap(({ before }) => Object.keys(before.byLevel)))];
}

/** The level on which the variants' means differ most; undefined when there is one level only. */
export function tellingLevel(results: readonly VariantResult[]): string | undefined {
  const levels = levelsOf(results);
  if (levels.length < 2) return undefined;
  const range = (level: string): number => {
    const means = [...byLabel(results).values()].map((runs) => mean(runs.map(({ after }) => after.byLevel[level]?.passAt1 ?? 0)));
    return Math.max(...means) - Math.min(...means);
  };
  return levels.reduce((a, b) => (range(b) >= range(a) ? b : a));
}

function section(title: string, lines: readonly string[]): string[] {
  return [`## ${title}`, '', ...lines, ''];
}

function variantsTable(results: readonly VariantResult[]): string {
  const rows = [...byLabel(results)].map(([label, [run]]) => {
    const { algorithm, critic, switches } = (run as VariantResult).config;
    return [label, algorithm, findAlgorithm(algorithm).needs.critiques ? critic : '–', switchesText(algorithm, switches)];
  });
  return markdownTable(['variant', 'algorithm', 'critic', 'switches that differ from the algorithm’s defaults'], rows, 4);
}

function switchesText(algorithm: string, switches: RunConfig['switches']): string {
  const defaults: Readonly<Record<string, unknown>> = findAlgorithm(algorithm).defaults;
  const differing = Object.entries(switches).filter(([name, value]) => value !== undefined && value !== defaults[name]);
  return differing.length === 0 ? '–' : differing.map(([name, value]) => `${name} ${String(value)}`).join(', ');
}

function resultsTable(results: readonly VariantResult[], levels: readonly string[]): string {
  const trained = levels.filter((level) => results.some(({ trainProblems }) => (trainProblems[level] ?? 0) > 0));
  const over = new Set(overBudget(results));
  const rows = [...byLabel(results)].map(([label, runs]) => [
    label,
    String(runs.length),
    ...levels.map((level) =>
      spread(
        runs.map(({ after }) => after.byLevel[level]?.passAt1),
        share,
      ),
    ),
    spread(
      runs.map(({ after }) => after.all.passAt1),
      share,
    ),
    ...trained.map(
      (level) =>
        `${spread(
          runs.map(({ neverSolved }) => neverSolved[level]),
          String,
        )} of ${runs[0]?.trainProblems[level] ?? 0}`,
    ),
    `${spread(
      runs.map(({ tokens }) => tokens.sampled),
      thousands,
    )}${over.has(label) ? ' †' : ''}`,
    spread(
      runs.map(({ tokens }) => tokens.trained),
      thousands,
    ),
    spread(
      runs.map(({ seconds }) => seconds),
      (value) => value.toFixed(0),
    ),
  ]);
  return markdownTable(
    ['variant', 'seeds', ...levels, 'all', ...trained.map((level) => `${level}: never solved`), 'sampled tokens', 'trained tokens', 'seconds'],
    rows,
    1,
  );
}

function runsTable(results: readonly VariantResult[]): string {
  const levels = levelsOf(results);
  const rows = [...byLabel(results).values()]
    .flat()
    .map(({ label, seed, after, tokens, seconds, peakRssMb }) => [
      label,
      String(seed),
      ...levels.map((level) => share(after.byLevel[level]?.passAt1)),
      share(after.all.passAt1),
      thousands(tokens.sampled),
      thousands(tokens.trained),
      seconds.toFixed(0),
      String(peakRssMb),
    ]);
  return markdownTable(['variant', 'seed', ...levels, 'all', 'sampled tokens', 'trained tokens', 'seconds', 'peak MB'], rows, 1);
}

/** Mean with lowest and highest; one number where all are alike. */
function spread(values: readonly (number | undefined)[], format: (value: number) => string): string {
  const known = values.filter((value) => value !== undefined);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const center = mean(known);
  return low === high ? format(low) : `${format === String ? center.toFixed(1) : format(center)} (${format(low)}–${format(high)})`;
}

function share(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(3);
}

function thousands(tokens: number): string {
  return `${Math.round(tokens / 1000)}k`;
}
