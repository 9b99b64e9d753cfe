/** Pieces of reports in Markdown, as documents for people: texts of models and data sets are shown as they are, on one line. */
import { visibleLabel } from '../critiques/visibleText.ts';

const longestCell = 100;

/** Empty without rows. */
export function reportTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(' | ')} |`;
  return [line(header), `|${header.map(() => ' --- |').join('')}`, ...rows.map(line), ''];
}

/** Empty without lines. */
export function reportSection(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines];
}

function cellText(text: string): string {
  return visibleLabel(text, longestCell).replaceAll('|', '\\|');
}
