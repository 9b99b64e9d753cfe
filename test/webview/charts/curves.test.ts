import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableRows } from '../../../webview/charts/chartTable.ts';
import { formatValue, formatX, indexAt, valueAt, valuesInWords, type ChartModel, type Curve } from '../../../webview/charts/curve.ts';
import { averaged, decimated, within } from '../../../webview/charts/decimation.ts';
import { plotDataOf } from '../../../webview/charts/plotData.ts';
import { stacked } from '../../../webview/charts/stacking.ts';
import { smoothed } from '../../../webview/charts/smoothing.ts';

const values = fc.array(fc.option(fc.double({ min: -100, max: 100, noNaN: true }), { nil: null }), { maxLength: 60 });

describe('smoothing', () => {
  it('changes nothing at weight 0 and keeps constants', () => {
    expect(smoothed([1, null, 3], 0)).toEqual([1, null, 3]);
    smoothed([2, 2, null, 2], 0.9).forEach((value) => expect(value ?? 2).toBeCloseTo(2));
  });

  it('has no bias at the start', () => {
    expect(smoothed([10, 20], 0.5)).toEqual([10, (0.5 * 10 + 20) / 1.5]);
  });

  it('stays between the lowest and the highest value, and null where there is none', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 0.99, noNaN: true }), (list, weight) => {
        const known = list.filter((value) => value !== null);
        smoothed(list, weight).forEach((value, i) => {
          expect(value === null).toBe(list[i] === null);
          if (value === null) return;
          expect(value).toBeGreaterThanOrEqual(Math.min(...known) - 1e-9);
          expect(value).toBeLessThanOrEqual(Math.max(...known) + 1e-9);
        });
      }),
    );
  });
});

describe('decimation', () => {
  const count = 100_000;
  const x = Array.from({ length: count }, (_, i) => i);
  const wave = x.map((i) => (i === 54_321 ? 99 : i === 77_777 ? -99 : Math.sin(i / 500)));

  it('leaves short curves as they are', () => {
    const points = { x: x.slice(0, 10_000), values: wave.slice(0, 10_000) };
    expect(decimated(points)).toBe(points);
  });

  it('keeps spikes, ends and order of a long one', () => {
    const fewer = decimated({ x, values: wave }, 2000);
    expect(fewer.x.length).toBeLessThanOrEqual(2002);
    expect(fewer.values).toContain(99);
    expect(fewer.values).toContain(-99);
    expect([fewer.x[0], fewer.x.at(-1)]).toEqual([0, count - 1]);
    expect(fewer.x.every((place, i) => i === 0 || place > (fewer.x[i - 1] as number))).toBe(true);
    fewer.x.forEach((place, i) => expect(fewer.values[i]).toBe(wave[place]));
  });

  it('skips what is not known', () => {
    const fewer = decimated({ x, values: wave.map((value, i) => (i % 2 === 0 ? null : value)) }, 1000);
    expect(fewer.values.slice(1, -1).every((value) => value !== null)).toBe(true);
  });

  it('keeps one point on either side of a range', () => {
    expect(within({ x: [0, 1, 2, 3, 4, 5, 6], values: [0, 1, 2, 3, 4, 5, 6] }, [2.5, 3.5]).x).toEqual([2, 3, 4, 5]);
    expect(within({ x: [0, 1], values: [0, 1] }, null).x).toEqual([0, 1]);
  });

  it('averages stretches', () => {
    expect(averaged({ x: [0, 1, 2, 3], values: [1, 3, null, 5] }, 2)).toEqual({ x: [0.5, 2.5], values: [2, 5] });
  });
});

describe('areas on top of each other', () => {
  it('are sums from below, with nothing for what is not known', () => {
    expect(
      stacked([
        [1, 2],
        [10, null],
        [100, 200],
      ]),
    ).toEqual([
      [1, 2],
      [11, 2],
      [111, 202],
    ]);
  });
});

describe('the columns of a chart with areas', () => {
  const own = (id: string, values: readonly number[]): Curve => ({ id, label: id, color: 'blue', x: [1, 2], values });
  const other: Curve = { id: 'other', label: 'other', color: 'red', dash: [3, 3], x: [1, 2, 3], values: [5, 6, 7] };
  const curves = [own('a', [1, 2]), own('b', [10, 20]), other];
  const chart: ChartModel = { id: 'c', title: 'C', hint: '', format: 'number', xAxis: 'step', xEnd: 3, isStacked: true, curves };
  const look = { range: null, smoothing: 0, hidden: new Set<string>() };

  it('stack the own curves, and have another run as a line over them at its own height', () => {
    const { columns, data, fills } = plotDataOf(chart, look);
    expect(columns.map(({ curve, role }) => [curve.id, role])).toEqual([
      ['a', 'area'],
      ['b', 'area'],
      ['other', 'line'],
    ]);
    expect(data.map((values) => [...values])).toEqual([
      [1, 2, 3],
      [1, 2, undefined],
      [11, 22, undefined],
      [5, 6, 7],
    ]);
    expect(fills).toEqual([{ upper: 2, lower: 1, column: 2 }]);
  });

  it('leave out what is hidden', () => {
    expect(
      plotDataOf(chart, { ...look, hidden: new Set(['a', 'other']) })
        .data.slice(1)
        .map((values) => [...values]),
    ).toEqual([[10, 20]]);
  });
});

describe('values', () => {
  const curve: Curve = { id: 'a', label: 'reward', color: 'blue', x: [1, 2, 5], values: [0.1, null, 0.5] };

  it.each([
    [0, -1],
    [1, 0],
    [2, 0],
    [4.9, 0],
    [5, 2],
    [9, 2],
  ])('at %f are those of place %i', (at, index) => {
    expect(indexAt(curve.x, curve.values, at)).toBe(index);
  });

  it('are null before the first, and after the last unless a curve has few', () => {
    expect(valueAt(curve, 0)).toBeNull();
    expect(valueAt(curve, 9)).toBeNull();
    expect(valueAt({ ...curve, hasDots: true }, 9)).toBe(0.5);
  });

  it('are said in words', () => {
    const chart = { id: 'c', title: 'C', hint: '', format: 'share', xAxis: 'step', xEnd: 5, curves: [curve] } as const;
    expect(valuesInWords(chart, 2)).toBe('reward 10.0 %');
    expect(valuesInWords(chart, null)).toBe('reward 50.0 %');
    expect(valuesInWords({ ...chart, curves: [] }, null)).toBe('no numbers yet');
  });

  it.each([
    [null, 'share', '–'],
    [0.1234, 'share', '12.3 %'],
    [12_345.6, 'count', '12.3k'],
    [75, 'seconds', '1 min 15 s'],
    [-0.01234, 'number', '-0.0123'],
  ] as const)('%s as %s is %s', (value, format, text) => {
    expect(formatValue(value, format)).toBe(text);
  });

  it.each([
    [1234, 'step', 'step 1,234'],
    [2_500_000, 'tokens', '2.5M tokens'],
    [3.25, 'minutes', '3.25 min'],
  ] as const)('place %s by %s is %s', (place, xAxis, text) => {
    expect(formatX(place, xAxis)).toBe(text);
  });

  it('stand in a table, newest first, a row for each place of any curve', () => {
    const other: Curve = { ...curve, id: 'b', x: [2, 5, 7], values: [1, 2, 3] };
    expect(tableRows({ curves: [curve, other] }, 2)).toEqual({
      rows: [
        { x: 7, values: [null, 3] },
        { x: 5, values: [0.5, 2] },
      ],
      total: 4,
    });
  });
});
