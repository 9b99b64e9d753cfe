import { describe, expect, it } from 'vitest';
import { spansMagnitudes } from '../../../webview/charts/stacking.ts';
import { axisText, placeOfKey, verticalRange } from '../../../webview/charts/axes.ts';

describe('ticks', () => {
  it.each([
    [0.25, 0.25, 'number', '0.25'],
    [0.5, 0.25, 'number', '0.5'],
    [0.998, 0.001, 'number', '0.998'],
    [0.75, 0.25, 'share', '75 %'],
    [0.025, 0.025, 'share', '2.5 %'],
    [20_000, 10_000, 'count', '20k'],
    [1.5, 0.5, 'seconds', '1.5 s'],
    [2e-6, 1e-6, 'number', '2e-6'],
  ] as const)('%s in steps of %s as %s is %s', (value, increment, format, text) => {
    expect(axisText(value, increment, format)).toBe(text);
  });
});

describe('the vertical range', () => {
  it('stands on 0 where values come near it', () => {
    expect(verticalRange({ format: 'number' }, 0.1, 1)[0]).toBe(0);
    expect(verticalRange({ format: 'share' }, 0.9, 1)[0]).toBe(0);
    expect(verticalRange({ format: 'number', isStacked: true }, 9, 10)[0]).toBe(0);
    expect(verticalRange({ format: 'number' }, 9, 10)[0]).toBeCloseTo(8.92);
  });

  it('leaves room around values, also around one value, none, and negative ones', () => {
    expect(verticalRange({ format: 'number' }, 5, 5)).toEqual([0, 5.5]);
    expect(verticalRange({ format: 'number' }, null, null)).toEqual([0, 1]);
    expect(verticalRange({ format: 'number' }, -1, 1)).toEqual([-1.16, 1.16]);
    expect(verticalRange({ format: 'share' }, 0, 1)).toEqual([0, 1.02]);
  });

  it.each([
    [[1, 400], true],
    [[1, null, 200], false],
    [[0, 1000], false],
    [[-1, 1000], false],
    [[], false],
  ])('of %j is logarithmic: %s', (values, expected) => {
    expect(spansMagnitudes([{ values }])).toBe(expected);
  });
});

describe('keys', () => {
  it.each([
    ['ArrowLeft', 5, 4],
    ['ArrowLeft', 0, 0],
    ['ArrowRight', 19, 19],
    ['PageUp', 5, 15],
    ['PageDown', 5, 0],
    ['Home', 5, 0],
    ['End', 5, 19],
    ['a', 5, null],
  ])('%s from %i of 20 points goes to %s', (key, at, place) => {
    expect(placeOfKey(key, at, 20)).toBe(place);
  });
});
