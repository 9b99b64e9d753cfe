/** Whether two subsets of the real line are the same. */
import type { Node } from './node.ts';
import { numberOf, type Region } from './regions.ts';
import type { Equality } from './scalars.ts';

interface Outline {
  /** Points where membership changes, or a single point differs from its surroundings, in order. */
  readonly ends: readonly Node[];
  /** Membership left of the first, at the first, between first and second, … */
  readonly pattern: string;
}

/** `compare` decides whether two boundary points are equal. */
export function compareRegions(a: Region, b: Region, compare: (a: Node, b: Node) => Equality): Equality {
  // An inequality that was not solved borrows the boundary that it would have to have, and is then probed all over.
  const outlineA = outlineOf(a, a.isSolved ? [] : b.boundary);
  const outlineB = outlineOf(b, b.isSolved ? [] : a.boundary);
  if (outlineA === null || outlineB === null) return 'unknown';
  if (outlineA.pattern !== outlineB.pattern) return 'different';
  for (const [i, end] of outlineA.ends.entries()) {
    const other = outlineB.ends[i];
    const equality = other === undefined ? 'different' : compare(end, other);
    if (equality !== 'equal') return equality;
  }
  if (a.isSolved && b.isSolved) return 'equal';
  return !a.isSolved && !b.isSolved && a.boundary.length + b.boundary.length === 0
    ? 'unknown'
    : probes([...a.boundary, ...b.boundary].map(numberOf)).every((x) => a.has(x) === b.has(x))
      ? 'equal'
      : 'different';
}

function outlineOf(region: Region, borrowed: readonly Node[]): Outline | null {
  const points = [...region.boundary, ...borrowed].map((node) => ({ node, x: numberOf(node) })).sort((p, q) => p.x - q.x);
  if (points.length > 200 || points.some(({ x }) => !Number.isFinite(x))) return null;
  const ends: Node[] = [];
  let last = points[0] === undefined ? 0 : points[0].x - 1;
  let membership = region.has(last);
  let pattern = membership ? '1' : '0';
  for (const [i, { node, x }] of points.entries()) {
    if (i > 0 && Math.abs(x - last) <= 1e-11 * Math.max(1, Math.abs(x))) continue;
    last = x;
    const next = points.slice(i + 1).find((point) => Math.abs(point.x - x) > 1e-11 * Math.max(1, Math.abs(x)));
    const isIn = region.has(x);
    const after = region.has(next === undefined ? x + 1 : (x + next.x) / 2);
    if (isIn === membership && after === membership) continue;
    ends.push(node);
    pattern += `${isIn ? '1' : '0'}${after ? '1' : '0'}`;
    membership = after;
  }
  return { ends, pattern };
}

/** Points close to the known boundary and far from it, the same every time. */
function probes(boundary: readonly number[]): readonly number[] {
  const steps = [1e-4, 1e-2, 0.1, 0.37, 1.3, 3.1, 9.7, 42, 317, 9001];
  return [0, ...boundary].flatMap((x) => [x, ...steps.flatMap((step) => [x - step, x + step])]);
}
