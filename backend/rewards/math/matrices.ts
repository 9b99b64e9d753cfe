/** Matrices in expressions are added and multiplied, so that only their cells are left to compare. */
import { exactValue } from './exact.ts';
import { mapParts, parts, product, sum, type Node } from './node.ts';

type Matrix = Extract<Node, { kind: 'matrix' }>;

const maxProducts = 64;
/** Cells grow with each product of matrices of expressions. */
const maxCellSize = 200;

/** The same node where sums and products of matrices of fitting shapes are matrices. */
export function reduceMatrices(node: Node): Node {
  const reduced = mapParts(node, reduceMatrices);
  if (reduced.kind === 'sum') return added(reduced.args) ?? reduced;
  if (reduced.kind === 'product') return multiplied(reduced.args) ?? reduced;
  return reduced;
}

function added(args: readonly Node[]): Matrix | null {
  const [first, ...rest] = args;
  if (first?.kind !== 'matrix') return null;
  const terms = [first, ...rest.flatMap((arg) => (arg.kind === 'matrix' ? [arg] : []))];
  const isFitting =
    terms.length === args.length && terms.every(({ rows }) => rows.length === first.rows.length && rows[0]?.length === first.rows[0]?.length);
  if (!isFitting) return null;
  return { kind: 'matrix', rows: first.rows.map((row, i) => row.map((_, j) => sum(terms.flatMap(({ rows }) => rows[i]?.[j] ?? [])))) };
}

function multiplied(args: readonly Node[]): Matrix | null {
  let matrix: Matrix | null = null;
  const scalars: Node[] = [];
  for (const arg of args) {
    if (arg.kind === 'matrix') {
      matrix = matrix === null ? arg : timesMatrix(matrix, arg);
      if (matrix === null) return null;
    } else scalars.push(arg);
  }
  if (matrix === null || scalars.length === 0) return matrix;
  return { kind: 'matrix', rows: matrix.rows.map((row) => row.map((cell) => product([...scalars, cell]))) };
}

function timesMatrix(a: Matrix, b: Matrix): Matrix | null {
  const columns = b.rows[0]?.length ?? 0;
  if (a.rows[0]?.length !== b.rows.length || a.rows.length * columns * b.rows.length > maxProducts) return null;
  const cell = (row: readonly Node[], j: number): Node => sum(row.map((factor, k) => product([factor, ...(b.rows[k]?.slice(j, j + 1) ?? [])])));
  const rows = a.rows.map((row) => Array.from({ length: columns }, (_, j) => simplified(cell(row, j))));
  return rows.every((row) => row.every((entry) => sizeOf(entry) <= maxCellSize)) ? { kind: 'matrix', rows } : null;
}

function simplified(node: Node): Node {
  const value = exactValue(node);
  return value === null ? node : { kind: 'number', value, places: null };
}

function sizeOf(node: Node): number {
  let size = 1;
  for (const part of parts(node)) size += sizeOf(part);
  return size;
}
