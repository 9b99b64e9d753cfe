/** Central differences of a graph's scalar output, through the reference evaluator in float64. */
import type { Graph } from '../../../backend/graph/ir.ts';
import { evaluate } from '../../../backend/graph/reference.ts';

/** Balances the cut-off error (step²) against float64's rounding (1e-16 / step). */
const step = 1e-5;

/** d output `loss` / d each listed element of the named input. */
export function differences(graph: Graph, feeds: Readonly<Record<string, readonly number[]>>, name: string, elements: readonly number[]): number[] {
  const lossWith = (element: number, delta: number): number => {
    const moved = [...(feeds[name] ?? [])];
    moved[element] = (moved[element] as number) + delta;
    return evaluate(graph, { ...feeds, [name]: moved })['loss']?.[0] as number;
  };
  return elements.map((element) => (lossWith(element, step) - lossWith(element, -step)) / (2 * step));
}
