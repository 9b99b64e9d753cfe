/** What a comparison's numbers say, said from the numbers. */
import { mean } from '../core/stats.ts';
import { byLabel, type VariantResult } from './comparison.ts';

/** More sampled tokens than this share above the fewest is no longer an equal budget. */
export const budgetTolerance = 0.02;

/** Labels of the variants that sampled more than the tolerance above the variant that sampled least. */
export function overBudget(results: readonly VariantResult[]): string[] {
  const sampled = [...byLabel(results)].map(([label, runs]) => [label, mean(runs.map(({ tokens }) => tokens.sampled))] as const);
  const fewest = Math.min(...sampled.map(([, tokens]) => tokens));
  return sampled.filter(([, tokens]) => tokens > fewest * (1 + budgetTolerance)).map(([label]) => label);
}

/** One line for each rival of the best variant, seed by seed; nothing for a lone variant. `level` is the one to speak of. */
export function readings(results: readonly VariantResult[], level: string | undefined): string[] {
  const groups = [...byLabel(results)];
  const score = ([, runs]: (typeof groups)[number]): number => mean(runs.map(({ after }) => after.all.passAt1));
  const best = groups.reduce<(typeof groups)[number] | undefined>((a, b) => (a !== undefined && score(a) >= score(b) ? a : b), undefined);
  if (best === undefined || groups.length < 2) return [];
  const lines = groups.flatMap((rival) => (rival === best ? [] : (reading(best, rival, level) ?? [])));
  return [
    ...lines,
    '- A group whose members all fail or all succeed has no advantage and is not trained on. Refinements give such groups a signal: hence more trained tokens at the same number of sampled ones.',
  ];
}

type Group = readonly [label: string, runs: readonly VariantResult[]];

function reading([bestLabel, bestRuns]: Group, [label, runs]: Group, level: string | undefined): string | undefined {
  const pairs = bestRuns.flatMap((run) => runs.filter(({ seed }) => seed === run.seed).map((rival) => [run, rival] as const));
  if (pairs.length === 0) return undefined;
  const gaps = (of: (result: VariantResult) => number): string => {
    const points = pairs.map(([a, b]) => 100 * (of(a) - of(b)));
    const [low, high] = [Math.min(...points).toFixed(1), Math.max(...points).toFixed(1)];
    return low === high ? low : `${low} to ${high}`;
  };
  const ratio = (of: (result: VariantResult) => number): number => mean(bestRuns.map(of)) / mean(runs.map(of));
  const onLevel = level === undefined ? '' : ` and ${gaps(({ after }) => after.byLevel[level]?.passAt1 ?? NaN)} on *${level}*`;
  const sampled = ratio(({ tokens }) => tokens.sampled);
  const unequal = sampled > 1 + budgetTolerance ? ' The budgets are not equal: it sampled more.' : '';
  const seeds = pairs.length === 1 ? 'one seed' : `${pairs.length} seeds`;
  return `- **${bestLabel}** ends ${gaps(({ after }) => after.all.passAt1)} points above **${label}** overall${onLevel} (${seeds}), with ${sampled.toFixed(2)}× its sampled and ${ratio(({ tokens }) => tokens.trained).toFixed(1)}× its trained tokens.${unequal}`;
}
