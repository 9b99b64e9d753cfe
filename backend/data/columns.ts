/** Values of a row by dotted path, and the paths that rows have. */
import type { Row } from './source.ts';

/**
 * The value at `reward_model.ground_truth` or `target.0.content`; undefined where there is none. A column whose own name has dots wins
 * over nesting. Only own properties count.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Row)[path];
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    const head = path.slice(0, dot);
    if (!Object.hasOwn(value, head)) continue;
    const found = valueAt((value as Row)[head], path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Columns of the first rows by path, each with its first value as a short text. */
export type Columns = ReadonlyMap<string, string>;

/** Paths with a value other than null in any of the rows, in order of appearance; objects are entered, lists are not. */
export function columnsOf(rows: readonly Row[]): Columns {
  const found = new Map<string, string>();
  const visit = (value: Row, prefix: string, depth: number): void => {
    for (const [name, inner] of Object.entries(value)) {
      if (inner === null || inner === undefined) continue;
      if (!found.has(prefix + name)) found.set(prefix + name, exampleOf(inner));
      if (found.size > maxColumns) return;
      if (depth < maxDepth && typeof inner === 'object' && !Array.isArray(inner)) visit(inner as Row, `${prefix}${name}.`, depth + 1);
    }
  };
  for (const row of rows) visit(row, '', 1);
  return found;
}

const exampleLength = 80;

function exampleOf(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : typeof value === 'symbol' ? '' : String(value);
  return text.length <= exampleLength ? text : `${text.slice(0, exampleLength - 1)}…`;
}

const maxColumns = 1000;
const maxDepth = 4;

/** The column of the first level that a path begins in, for a reader that can read columns alone. */
export function firstLevel(path: string, names: Columns): string {
  if (names.has(path) && !path.includes('.')) return path;
  const parts = path.split('.');
  for (let n = parts.length; n > 0; n--) {
    const head = parts.slice(0, n).join('.');
    // A flat column whose name has dots is of the first level itself.
    if (names.has(head) && (n === 1 || !names.has(parts.slice(0, n - 1).join('.')))) return head;
  }
  return parts[0] ?? path;
}
