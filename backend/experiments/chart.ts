/** Line charts as SVG text: pure functions of their data, readable on light and dark pages. */

export interface ChartLine {
  readonly label: string;
  /** Place in the palette: lines of one variant share it. */
  readonly color: number;
  /** Bold lines are named in the legend and lie on top. */
  readonly isBold: boolean;
  /** A point that is not finite leaves a gap. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** What lies outside is clipped. The axis ends on round numbers at or beyond these. The x axis goes from 0 to the largest x. */
  readonly yRange: readonly [low: number, high: number];
  readonly lines: readonly ChartLine[];
}

/** Distinguishable for color-blind readers, and on white and near-black. Neighbors differ in their dashes, too: curves may lie on each other. */
export const palette = ['#d1495b', '#1f8a9e', '#8a6fb0', '#c98a1b', '#4f8a3c', '#7a7f87', '#b0568f', '#3f6fb5'] as const;
const dashes = ['', ' stroke-dasharray="9 5"', ' stroke-dasharray="3 4"', ' stroke-dasharray="12 4 3 4"'] as const;

/** Of any figure: text, grid and page, on light and dark. */
export const style = [
  'text{font:12px system-ui,sans-serif;fill:#3b4048}',
  '.title{font-weight:600;font-size:14px}',
  '.grid{stroke:#8b919a;stroke-opacity:.25}',
  '.page{fill:#ffffff}',
  '@media(prefers-color-scheme:dark){text{fill:#c9ced6}.page{fill:#16191d}}',
].join('');

const panelSize = { width: 460, height: 330 } as const;
const plot = { left: 56, right: 440, top: 40, bottom: 278 } as const;
const legendRow = 22;
/** Widest a character of the legend gets, in pixels, so that no label runs into the next. */
const characterWidth = 7.5;

/** Panels side by side over one legend. */
export function chart(panels: readonly Panel[]): string {
  const colors = new Map(panels.flatMap(({ lines }) => lines.filter(({ isBold }) => isBold).map(({ label, color }) => [label, color] as const)));
  const width = panels.length * panelSize.width;
  const entryWidth = 54 + characterWidth * Math.max(0, ...[...colors.keys()].map((label) => label.length));
  const columns = Math.max(1, Math.floor((width - plot.left) / entryWidth));
  const height = panelSize.height + legendRow * Math.ceil(colors.size / columns) + 8;
  const legend = [...colors].map(([label, color], i) => {
    const x = round(plot.left + (i % columns) * entryWidth);
    const y = panelSize.height + 8 + legendRow * Math.floor(i / columns);
    return `<line x1="${x}" y1="${y}" x2="${round(x + 22)}" y2="${y}" stroke-width="3"${stroke(color)}/>${text(x + 30, y + 4, label)}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escape(panels.map(({ title, yTitle }) => `${title}: ${yTitle}`).join('; '))}</title>`,
    `<style>${style}</style>`,
    `<clipPath id="plot"><rect x="${plot.left}" y="${plot.top - 2}" width="${plot.right - plot.left + 2}" height="${plot.bottom - plot.top + 4}"/></clipPath>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * panelSize.width},0)">\n${panelBody(panel).join('\n')}\n</g>`),
    ...legend,
    '</svg>\n',
  ].join('\n');
}

function panelBody({ title, xTitle, yTitle, yRange, lines }: Panel): string[] {
  const xTicks = niceTicks(0, Math.max(1, ...lines.flatMap(({ points }) => points.map(([x]) => x)).filter(Number.isFinite)));
  const yTicks = niceTicks(...yRange);
  const xAt = axis(xTicks, plot.left, plot.right);
  const yAt = axis(yTicks, plot.bottom, plot.top);
  const middle = (plot.left + plot.right) / 2;
  const path = ({ points, color, isBold }: ChartLine): string => {
    const width = isBold ? 'stroke-width="3"' : 'stroke-width="1" stroke-opacity="0.45"';
    return `<path d="${pathData(points, xAt, yAt)}" fill="none" stroke-linejoin="round" ${width}${stroke(color)}/>`;
  };
  return [
    text(plot.left, 24, title, ' class="title"'),
    ...yTicks.flatMap((tick) => {
      const y = round(yAt(tick));
      return [
        `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/>`,
        text(plot.left - 8, y + 4, tickText(tick), ' class="tick" text-anchor="end"'),
      ];
    }),
    ...xTicks.map((tick) => text(xAt(tick), plot.bottom + 18, tickText(tick), ' class="tick" text-anchor="middle"')),
    text(middle, plot.bottom + 38, xTitle, ' text-anchor="middle"'),
    `<g transform="translate(14,${(plot.top + plot.bottom) / 2}) rotate(-90)">${text(0, 0, yTitle, ' text-anchor="middle"')}</g>`,
    '<g clip-path="url(#plot)">',
    // Solid lines first: what lies under them would not be seen.
    ...[...lines].sort((a, b) => Number(a.isBold) - Number(b.isBold) || dashOf(a.color) - dashOf(b.color)).map(path),
    '</g>',
  ];
}

/** Numbers 1, 2 or 5 times a power of ten apart, about five of them; the first is at or below `low`, the last at or above `high`. */
export function niceTicks(low: number, high: number): number[] {
  const span = high > low ? high - low : Math.abs(low) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 5));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= (span / 5) * 0.999) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Maps the range of the ticks to pixels. */
function axis(ticks: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function pathData(points: ChartLine['points'], xAt: (x: number) => number, yAt: (y: number) => number): string {
  let command = 'M';
  return points
    .map(([x, y]) => {
      const isPoint = Number.isFinite(x) && Number.isFinite(y);
      const part = isPoint ? `${command}${round(xAt(x))} ${round(yAt(y))}` : '';
      command = isPoint ? 'L' : 'M';
      return part;
    })
    .join('');
}

function tickText(value: number): string {
  if (Math.abs(value) >= 1e6) return `${Number((value / 1e6).toFixed(2))}M`;
  if (Math.abs(value) >= 1e4) return `${Number((value / 1e3).toFixed(1))}k`;
  return String(Number(value.toPrecision(6)));
}

function stroke(color: number): string {
  return ` stroke="${palette[color % palette.length]}"${dashes[dashOf(color)]}`;
}

function dashOf(color: number): number {
  return (color + Math.floor(color / palette.length)) % dashes.length;
}

export function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}"${attributes}>${escape(content)}</text>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

export function escape(content: string): string {
  return (
    content
      // No XML document may hold these, escaped or not.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
  );
}
