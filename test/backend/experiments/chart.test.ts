import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chart, niceTicks, type ChartLine, type Panel } from '../../../backend/experiments/chart.ts';
import { elementsOf } from './xmlElements.ts';

const line = (label: string, color: number, isBold: boolean, points: ChartLine['points']): ChartLine => ({ label, color, isBold, points });
const panel = (lines: readonly ChartLine[], overrides: Partial<Panel> = {}): Panel => ({
  title: 'Level: hard',
  xTitle: 'tokens',
  yTitle: 'pass@1',
  yRange: [0, 1],
  lines,
  ...overrides,
});
const two = [
  line('a', 0, true, [
    [0, 0],
    [380_000, 0.9],
  ]),
  line('b', 1, false, [
    [0, 0.1],
    [200_000, 0.2],
    [390_000, 0.15],
  ]),
];
/** Where a path goes, in pixels of its panel. */
const pointsOf = (d: string): [number, number][] => [...d.matchAll(/[ML](\S+) ([^ML]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

describe('niceTicks', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 390_000, [0, 100_000, 200_000, 300_000, 400_000]],
    [0, 7, [0, 2, 4, 6, 8]],
    [0.31, 0.48, [0.3, 0.35, 0.4, 0.45, 0.5]],
    [-3, 3, [-4, -2, 0, 2, 4]],
  ])('from %d to %d', (low, high, ticks) => expect(niceTicks(low, high)).toEqual(ticks));

  it('covers any range with few, rising, evenly spaced numbers', () => {
    const bound = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(bound, fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (low, span) => {
        const ticks = niceTicks(low, low + span);
        const slack = 1e-6 * span + 1e-9 * Math.abs(low);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(8);
        expect(ticks[0]).toBeLessThanOrEqual(low + slack);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(low + span - slack);
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks);
      }),
    );
  });

  it.each([0, 5, -2])('makes a range of the single value %d', (value) => {
    const ticks = niceTicks(value, value);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.every(Number.isFinite)).toBe(true);
  });
});

describe('chart', () => {
  it('is well-formed, with one path a line, bold ones last', () => {
    const elements = elementsOf(chart([panel(two), panel(two)]));
    expect(elements[0]).toMatchObject({ name: 'svg', attributes: { xmlns: 'http://www.w3.org/2000/svg', width: '920' } });
    const widths = elements.filter(({ name }) => name === 'path').map(({ attributes }) => attributes['stroke-width']);
    expect(widths).toEqual(['1', '3', '1', '3']);
  });

  it('keeps ticks and lines inside the plot', () => {
    const elements = elementsOf(chart([panel(two)]));
    const area = elements[elements.findIndex(({ name }) => name === 'clipPath') + 1]!.attributes;
    const [left, top] = [Number(area['x']), Number(area['y'])];
    const [right, bottom] = [left + Number(area['width']), top + Number(area['height'])];
    const grid = elements.filter(({ attributes }) => attributes['class'] === 'grid');
    expect(grid).toHaveLength(6);
    for (const { attributes } of grid) {
      expect(Number(attributes['y1'])).toBeGreaterThanOrEqual(top);
      expect(Number(attributes['y1'])).toBeLessThanOrEqual(bottom);
    }
    for (const { attributes } of elements.filter(({ name }) => name === 'path')) {
      for (const [x, y] of pointsOf(attributes['d']!)) {
        expect(x >= left && x <= right && y >= top && y <= bottom).toBe(true);
      }
    }
    const ticks = elements.filter(({ attributes }) => attributes['class'] === 'tick').map(({ text }) => text);
    expect(ticks).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1', '0', '100k', '200k', '300k', '400k']);
  });

  it('draws lines only inside the clip path', () => {
    const svg = chart([
      panel([
        line('a', 0, true, [
          [0, -1],
          [1, 2],
        ]),
      ]),
    ]);
    expect(svg.indexOf('<path')).toBeGreaterThan(svg.indexOf('clip-path="url(#plot)"'));
  });

  it('leaves a gap for what is no number', () => {
    const gap = line('a', 0, true, [
      [0, 0.1],
      [1, NaN],
      [2, 0.2],
      [3, 0.3],
    ]);
    const path = elementsOf(chart([panel([gap])])).find(({ name }) => name === 'path');
    expect(path?.attributes['d']?.replace(/[^ML]/g, '')).toBe('MML');
  });

  it('names every bold line once, whatever its text', () => {
    const labels = ['grpo', '<b>&"x"', 'critique-grpo · verdict-answer · uniform', 'bell\u0007'];
    const lines = labels.map((label, color) => line(label, color, true, [[0, 0]]));
    const elements = elementsOf(chart([panel(lines), panel(lines)]));
    const legend = elements.filter(({ name, depth }) => name === 'text' && depth === 1).map(({ text }) => text);
    expect(legend).toEqual(['grpo', '<b>&"x"', 'critique-grpo · verdict-answer · uniform', 'bell']);
  });

  it('shows both of two curves that lie on each other', () => {
    const lines = [2, 1, 0].map((color) => line(`v${color}`, color, true, [[0, 0]]));
    const dashes = elementsOf(chart([panel(lines)]))
      .filter(({ name }) => name === 'path')
      .map(({ attributes }) => attributes['stroke-dasharray']);
    expect(dashes[0]).toBeUndefined();
    expect(new Set(dashes).size).toBe(3);
  });

  it('gives each of 20 variants a look of its own', () => {
    const lines = Array.from({ length: 20 }, (_, color) => line(`v${color}`, color, true, [[0, 0]]));
    const paths = elementsOf(chart([panel(lines)])).filter(({ name }) => name === 'path');
    expect(new Set(paths.map(({ attributes }) => `${attributes['stroke']} ${attributes['stroke-dasharray']}`)).size).toBe(20);
  });

  it('is drawn without any line, and the same every time', () => {
    expect(elementsOf(chart([panel([])])).filter(({ name }) => name === 'path')).toEqual([]);
    expect(chart([panel(two)])).toBe(chart([panel(two)]));
  });
});
