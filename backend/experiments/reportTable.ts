/** Tables of reports as Markdown, CSV and LaTeX, and the words that numbers in them are given in. */
import { mean, standardDeviation } from '../core/stats.ts';

export interface ReportTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The first so many columns are text, the others numbers. */
  readonly textColumns: number;
}

/** The first `textColumns` columns are text, the others numbers. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[], textColumns: number): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replace(/[\r\n]+/g, ' ')).join(' | ')} |`;
  return [line(header), line(header.map((_, column) => (column < textColumns ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** RFC 4180. A text that a spreadsheet would take for a formula is kept from being one. */
export function csvTable({ header, rows }: Pick<ReportTable, 'header' | 'rows'>): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [header, ...rows].map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}

/** A `tabular` with the rules of the package booktabs; `bold` says which cells stand out. */
export function latexTable({ header, rows, textColumns }: ReportTable, bold: (row: number, column: number) => boolean = () => false): string {
  const line = (cells: readonly string[]): string => `  ${cells.join(' & ')} \\\\`;
  return [
    `\\begin{tabular}{${header.map((_, column) => (column < textColumns ? 'l' : 'r')).join('')}}`,
    '  \\toprule',
    line(header.map(latexText)),
    '  \\midrule',
    ...rows.map((cells, row) => line(cells.map((cell, column) => (bold(row, column) ? `\\textbf{${latexText(cell)}}` : latexText(cell))))),
    '  \\bottomrule',
    '\\end{tabular}\n',
  ].join('\n');
}

const latexCharacters: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '±': '$\\pm$',
  '–': '--',
  '−': '$-$',
  '·': '$\\cdot$',
  γ: '$\\gamma$',
};

export function latexText(text: string): string {
  return text.replace(/[\\{}$&#%_^~±–−·γ]/g, (character) => latexCharacters[character] ?? character).replace(/[\r\n]+/g, ' ');
}

/** `1 try`, `8 tries`. */
export function triesText(count: number): string {
  return count === 1 ? '1 try' : `${count} tries`;
}

/** Percentages with one decimal: `47.1`, or with the unbiased standard deviation over seeds `47.1 ± 0.8`; `–` for nothing. */
export function meanPercent(shares: readonly number[]): string {
  return meanText(
    shares.map((share) => 100 * share),
    1,
  );
}

/** The mean, and `±` the unbiased standard deviation where there is more than one value; `–` for nothing. */
export function meanText(values: readonly number[], digits: number): string {
  if (values.length === 0) return '–';
  const center = mean(values).toFixed(digits);
  return values.length === 1 ? center : `${center} ± ${standardDeviation(values).toFixed(digits)}`;
}
