/** Fields of a published row, under any of the names that its files give them. */
import { BrokenRow, shown } from '../brokenRow.ts';
import type { Row } from '../source.ts';

/** The first of the columns that has a value, names compared without regard to case; undefined for none. */
export function valueOf(row: Row, columns: readonly string[]): unknown {
  for (const column of columns) {
    const name = Object.keys(row).find((key) => key.toLowerCase() === column.toLowerCase());
    const value = name === undefined ? undefined : row[name];
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

/** A text that is not blank, or a number or truth value as text. Throws `BrokenRow` where there is none. */
export function textOf(row: Row, columns: readonly string[]): string {
  const found = optionalTextOf(row, columns);
  if (found !== undefined) return found;
  const value = valueOf(row, columns);
  const problem = value === undefined ? `${columns.map((name) => `"${name}"`).join(' or ')} is missing` : `"${columns[0]}" is ${shown(value)}`;
  throw new BrokenRow(problem, 'Give the file as it is published, or name the set that it belongs to.');
}

export function optionalTextOf(row: Row, columns: readonly string[]): string | undefined {
  const value = valueOf(row, columns);
  if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim();
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? String(value) : undefined;
}

/** A list of texts; CSV files hold lists as JSON or in the way of Python (`['a', 'b']`). Undefined where there is none. */
export function listOf(row: Row, columns: readonly string[]): readonly string[] | undefined {
  const value = valueOf(row, columns);
  if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? item.trim() : JSON.stringify(item)));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (!text.startsWith('[')) return undefined;
  return jsonList(text) ?? pythonList(text);
}

/** An integer that may be written `27.0` or `027`. Throws `BrokenRow`. */
export function integerOf(row: Row, columns: readonly string[]): string {
  const text = textOf(row, columns).replaceAll(/[$,\s]/g, '');
  if (/^-?\d+(\.0+)?$/.test(text)) return String(BigInt(text.replace(/\.0+$/, '')));
  throw new BrokenRow(`"${columns[0]}" is ${shown(text)}, and the answers of this set are whole numbers`, 'Correct the answer.');
}

/** What the last `\boxed{…}` of a solution holds. Throws `BrokenRow`. */
export function lastBoxed(solution: string): string {
  const at = Math.max(solution.lastIndexOf('\\boxed'), solution.lastIndexOf('\\fbox'));
  const open = at < 0 ? -1 : solution.indexOf('{', at);
  for (let i = open + 1, depth = 1; open >= 0 && i < solution.length; i++) {
    const character = solution[i];
    if (character === '\\') i++;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return solution.slice(open + 1, i).trim();
  }
  throw new BrokenRow('the solution has no whole \\boxed{…}, and the answer is in its last one', 'Correct the solution, or add a column "answer".');
}

function jsonList(text: string): readonly string[] | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) ? value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))) : undefined;
  } catch {
    return undefined;
  }
}

function pythonList(text: string): readonly string[] | undefined {
  if (!text.endsWith(']')) return undefined;
  const items = [...text.slice(1, -1).matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)];
  return items.length === 0 ? undefined : items.map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\(.)/g, '$1'));
}
