/** From the scalar sums of a loss program to the means that are plotted. */

/**
 * A loss reports what it measures on a part of the tokens (`rollout…`, `refinement…`) as a sum with uniform weights, next to the part's
 * share of the tokens: `refinementProbability` with `refinementShare`. Dividing gives the mean over the part; a part without tokens has
 * none and is left out. Losses (`…Loss`), shares and whatever belongs to no part stay as they are.
 */
export function lossMetrics(sums: Readonly<Record<string, number>>): Record<string, number> {
  const parts = Object.keys(sums)
    .filter((name) => name.endsWith('Share'))
    .map((name) => name.slice(0, -'Share'.length));
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(sums)) {
    const part = parts.find((prefix) => name.startsWith(prefix) && !name.endsWith('Share') && !name.endsWith('Loss'));
    const share = part === undefined ? 1 : (sums[`${part}Share`] as number);
    if (share > 0) metrics[name] = value / share;
  }
  return metrics;
}
