/** What a comparison's numbers say, said from the numbers. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { mean } from '../core/stats.ts';
import { byLabel, type VariantResult } from './comparison.ts';

/** More sampled tokens than this share above the fewest is no longer an equal budget. */
export const budgetTolerance = 0.02;

/** Labels of the variants that sampled more than the tolerance above the one that sampled least. Those that sample nothing (SFT) do not count. */
export function overBudget(results: readonly VariantResult[]): string[] {
  const sampled = sampledByLabel(results);
  const fewest = Math.min(...sampled.values());
  return [...sampled].filter(([, tokens]) => tokens > fewest * (1 + budgetTolerance)).map(([label]) => label);
}

/** Markdown list: the best variant against each rival, seed by seed, and what stands in the way of a fair reading. `level` is the one to speak of. */
export function readings(results: readonly VariantResult[], level: string | undefined): string[] {
  const groups = [...byLabel(results)];
  const score = ([, runs]: Group): number => mean(runs.map(({ after }) => after.all.passAt1));
  const best = groups.reduce<Group | undefined>((a, b) => (a !== undefined && score(a) >= score(b) ? a : b), undefined);
  if (best === undefined || groups.length < 2) return [];
  const lines = groups.flatMap((rival) => (rival === best ? [] : reading(best, rival, level)));
  return [...lines, ...budgetReading(results), ...trainedReading(results), noiseReading(results, level)].map((line) => `- ${line}`);
}

type Group = readonly [label: string, runs: readonly VariantResult[]];

function reading([bestLabel, bestRuns]: Group, [label, runs]: Group, level: string | undefined): string[] {
  const pairs = bestRuns.flatMap((run) => runs.filter(({ seed }) => seed === run.seed).map((rival) => [run, rival] as const));
  if (pairs.length === 0) return [`**${bestLabel}** and **${label}** have no seed in common.`];
  const gap = (of: (result: VariantResult) => number): string => gapText(pairs.map(([a, b]) => 100 * (of(a) - of(b))));
  const onLevel = level === undefined ? '' : `; on *${level}* it ends ${gap(({ after }) => after.byLevel[level]?.passAt1 ?? 0)}`;
  const tokens = ratios(
    pairs.map(([a]) => a),
    pairs.map(([, b]) => b),
  );
  return [`**${bestLabel}** against **${label}**: overall it ends ${gap(({ after }) => after.all.passAt1)}${onLevel}. ${tokens}`];
}

/** From the differences in percentage points, one a seed: `36.8 points above, in every seed (36.1 to 37.6)`. */
function gapText(points: readonly number[]): string {
  const center = mean(points);
  const [low, high] = [Math.min(...points).toFixed(1), Math.max(...points).toFixed(1)];
  const size = Math.abs(center).toFixed(1);
  if (size === '0.0' && low === high) return 'level';
  const side = center < 0 ? 'below' : 'above';
  const agreeing = points.filter((value) => value * center > 0).length;
  if (points.length === 1) return `${size} points ${side} (one seed)`;
  const seeds = agreeing === points.length ? 'in every seed' : `in ${agreeing} of ${points.length} seeds`;
  return `${size} points ${side}, ${seeds} (${low === high ? low : `${low} to ${high}`})`;
}

function ratios(mine: readonly VariantResult[], theirs: readonly VariantResult[]): string {
  const parts = (['sampled', 'trained'] as const).flatMap((kind) => {
    const [a, b] = [mine, theirs].map((runs) => mean(runs.map(({ tokens }) => tokens[kind]))) as [number, number];
    return a > 0 && b > 0 ? [`${(a / b).toFixed(2)}× the ${kind}`] : [];
  });
  return parts.length === 0 ? '' : `It used ${parts.join(' and ')} tokens.`;
}

function budgetReading(results: readonly VariantResult[]): string[] {
  const over = overBudget(results);
  if (over.length === 0) return [];
  const sampled = sampledByLabel(results);
  const [least, fewest] = [...sampled].reduce((a, b) => (b[1] < a[1] ? b : a));
  const excess = over.map((label) => `**${label}** sampled ${(100 * ((sampled.get(label) as number) / fewest - 1)).toFixed(1)} %`);
  return [`Budgets are not equal: ${excess.join(', ')} more tokens than **${least}**.`];
}

/** Said where variants with critiques trained on more: sampled tokens are the budget, trained tokens are not. */
function trainedReading(results: readonly VariantResult[]): string[] {
  const trained = (withCritiques: boolean): number =>
    mean(results.filter(({ config }) => findAlgorithm(config.algorithm).needs.critiques === withCritiques).map(({ tokens }) => tokens.trained));
  const ratio = trained(true) / trained(false);
  if (!(ratio > 1 + budgetTolerance)) return [];
  return [
    `Variants with critiques trained on ${ratio.toFixed(1)}× the tokens of those without. A group whose members all fail or all succeed has no ` +
      'advantage and is not trained on; a right refinement gives a failing group one. At equal sampled tokens they therefore do more training.',
  ];
}

/** How far two single runs may differ by the chance of their final evaluations alone. */
function noiseReading(results: readonly VariantResult[], level: string | undefined): string {
  const widest = (intervalOf: (result: VariantResult) => readonly [number, number]): string =>
    (50 * Math.max(...results.map(intervalOf).map(([low, high]) => high - low))).toFixed(1);
  const onLevel = level === undefined ? '' : ` and ±${widest(({ after }) => after.byLevel[level]?.interval ?? [0, 0])} on *${level}*`;
  return `The final score of one run has a 95 % interval of up to ±${widest(({ after }) => after.all.interval)} points overall${onLevel}.`;
}

function sampledByLabel(results: readonly VariantResult[]): Map<string, number> {
  const means = [...byLabel(results)].map(([label, runs]) => [label, mean(runs.map(({ tokens }) => tokens.sampled))] as const);
  return new Map(means.filter(([, tokens]) => tokens > 0));
}
