/** Bars of shares side by side as SVG text, in the style of the line charts: pure functions of their data. */
import { escape, palette, round, style, text } from './chart.ts';

export interface BarGroup {
  readonly label: string;
  /** One value a series, in [0, 1]; null leaves its place empty. */
  readonly values: readonly (number | null)[];
}

const rowHeight = 16;
const groupGap = 14;
const plotWidth = 420;
/** Widest a character gets, in pixels. */
const characterWidth = 7.5;
const longestLabel = 44;

/** Horizontal bars, a group of them a label, under a legend of the series. Each bar carries its percentage. */
export function barChart(title: string, series: readonly string[], groups: readonly BarGroup[]): string {
  const labels = groups.map(({ label }) => (label.length <= longestLabel ? label : `${label.slice(0, longestLabel - 1)}…`));
  const left = 24 + characterWidth * Math.max(0, ...labels.map((label) => label.length));
  const width = round(left + plotWidth + 64);
  const groupHeight = series.length * rowHeight + groupGap;
  const top = 64;
  const bottom = top + groups.length * groupHeight;
  const xAt = (share: number): number => round(left + share * plotWidth);
  const legendWidth = 40 + characterWidth * Math.max(0, ...series.map((name) => name.length));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 34}" width="${width}" height="${bottom + 34}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="page" width="${width}" height="${bottom + 34}" rx="6"/>`,
    text(16, 24, title, ' class="title"'),
    ...series.map((name, s) => {
      const x = 16 + s * legendWidth;
      return `<rect x="${round(x)}" y="36" width="14" height="10" fill="${color(s)}"/>${text(x + 20, 45, name)}`;
    }),
    ...[0, 0.25, 0.5, 0.75, 1].map(
      (share) =>
        `<line class="grid" x1="${xAt(share)}" x2="${xAt(share)}" y1="${top - 6}" y2="${bottom}"/>${text(xAt(share), bottom + 18, `${100 * share} %`, ' class="tick" text-anchor="middle"')}`,
    ),
    ...groups.flatMap(({ values }, g) => {
      const y = top + g * groupHeight;
      return [
        text(left - 10, y + (series.length * rowHeight) / 2 + 4, labels[g] as string, ' text-anchor="end"'),
        ...series.flatMap((_, s) => bar(values[s] ?? null, y + s * rowHeight, s)),
      ];
    }),
    '</svg>\n',
  ].join('\n');

  function bar(value: number | null, y: number, s: number): string[] {
    if (value === null || !Number.isFinite(value)) return [];
    const share = Math.min(1, Math.max(0, value));
    const rect = `<rect x="${xAt(0)}" y="${y}" width="${round(share * plotWidth)}" height="${rowHeight - 3}" fill="${color(s)}"/>`;
    return [`${rect}${text(xAt(share) + 6, y + 11, `${(100 * value).toFixed(1)} %`, ' class="tick"')}`];
  }
}

function color(series: number): string {
  return palette[series % palette.length] as string;
}
