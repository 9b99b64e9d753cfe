/** Line charts as SVG text: pure functions of their data, readable on light and dark pages. */

export interface ChartLine {
  readonly label: string;
  /** Index into the palette: lines of one variant share a color. */
  readonly color: number;
  readonly isBold: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** [0, 1] for shares. */
  readonly yRange: readonly [number, number];
  readonly lines: readonly ChartLine[];
}

/** Distinguishable for color-blind readers, and on white and near-black. */
const palette = ['#d1495b', '#1f8a9e', '#8a6fb0', '#c98a1b', '#4f8a3c', '#7a7f87', '#b0568f', '#3f6fb5'] as const;

const size = { width: 460, height: 330, left: 56, right: 16, top: 40, bottom: 52 } as const;

/** Panels side by side over one legend. */
export function chart(panels: readonly Panel[]): string {
  const legend = [...new Map(panels.flatMap(({ lines }) => lines.filter(({ isBold }) => isBold).map(({ label, color }) => [label, color] as const)))];
  const width = panels.length * size.width;
  const legendRows = Math.ceil(legend.length / 3);
  const height = size.height + 22 * legendRows + 8;
  const column = width / 3;
  const entries = legend.map(([label, color], i) => {
    const x = 16 + (i % 3) * column;
    const y = size.height + 12 + 22 * Math.floor(i / 3);
    return `<line x1="${round(x)}" y1="${y}" x2="${round(x + 22)}" y2="${y}" stroke="${colorOf(color)}" stroke-width="3"/><text x="${round(x + 30)}" y="${y + 4}">${escapeText(label)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<style>text{font:12px system-ui,sans-serif;fill:#3b4048}.t{font-weight:600;font-size:14px}.g{stroke:#8b919a;stroke-opacity:.25}.f{fill:#ffffff}@media(prefers-color-scheme:dark){text{fill:#c9ced6}.f{fill:#16191d}}</style>`,
    `<rect class="f" width="${width}" height="${height}" rx="6"/>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * size.width},0)">${panelBody(panel)}</g>`),
    ...entries,
    '</svg>\n',
  ].join('\n');
}

function panelBody({ title, xTitle, yTitle, yRange, lines }: Panel): string {
  const xMax = Math.max(1, ...lines.flatMap(({ points }) => points.map(([x]) => x)));
  const xTicks = niceTicks(0, xMax);
  const yTicks = niceTicks(...yRange);
  const xEnd = Math.max(xMax, xTicks.at(-1) ?? xMax);
  const [low, high] = yRange;
  const xAt = (x: number): number => size.left + (x / xEnd) * (size.width - size.left - size.right);
  const yAt = (y: number): number =>
    size.top + (1 - (Math.min(high, Math.max(low, y)) - low) / (high - low)) * (size.height - size.top - size.bottom);
  const bottom = size.height - size.bottom;
  const middle = (size.left + size.width - size.right) / 2;
  const pathOf = ({ points, color, isBold }: ChartLine): string => {
    const d = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(xAt(x))} ${round(yAt(y))}`).join('');
    return `<path d="${d}" fill="none" stroke="${colorOf(color)}" stroke-width="${isBold ? 3 : 1}" stroke-opacity="${isBold ? 1 : 0.45}" stroke-linejoin="round"/>`;
  };
  return [
    `<text class="t" x="${size.left}" y="24">${escapeText(title)}</text>`,
    ...yTicks.map(
      (y) =>
        `<line class="g" x1="${size.left}" x2="${size.width - size.right}" y1="${round(yAt(y))}" y2="${round(yAt(y))}"/><text x="${size.left - 8}" y="${round(yAt(y) + 4)}" text-anchor="end">${tickText(y)}</text>`,
    ),
    ...xTicks.map((x) => `<text x="${round(xAt(x))}" y="${bottom + 18}" text-anchor="middle">${tickText(x)}</text>`),
    `<text x="${middle}" y="${bottom + 38}" text-anchor="middle">${escapeText(xTitle)}</text>`,
    `<text transform="translate(14,${(size.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yTitle)}</text>`,
    // Bold means last, so that they lie on top.
    ...[...lines].sort((a, b) => Number(a.isBold) - Number(b.isBold)).map(pathOf),
  ].join('');
}

/** Round numbers (1, 2 or 5 times a power of ten apart) that cover [low, high], about five of them. */
export function niceTicks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function tickText(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toFixed(2))}M`;
  if (Math.abs(value) >= 1e3) return `${Number((value / 1e3).toFixed(1))}k`;
  return String(Number(value.toFixed(3)));
}

function colorOf(index: number): string {
  return palette[index % palette.length] as string;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
