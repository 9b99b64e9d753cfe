import { describe, expect, it } from 'vitest';
import { formatAgo, formatCompact, formatCount, formatDuration, formatNumber, formatPercent } from '../../../webview/ui/format.ts';

describe('numbers', () => {
  it.each([
    [null, '–'],
    [NaN, '–'],
    [Infinity, '–'],
    [0, '0'],
    [-0, '0'],
    [0.12345, '0.123'],
    [12.345, '12.3'],
    [999.9, '1000'],
    [1234.5, '1,235'],
    [-1234, '-1,234'],
    [0.0005, '5e-4'],
    [1.25e-6, '1.25e-6'],
    [2e12, '2e12'],
  ])('%s is %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it.each([
    [999, '999'],
    [9999, '9,999'],
    [12_345, '12.3k'],
    [4_560_000, '4.56M'],
    [-2_000_000, '-2M'],
    [3e9, '3G'],
  ])('%s is %s for short', (value, text) => {
    expect(formatCompact(value)).toBe(text);
  });

  it.each([
    [0.634, undefined, '63.4 %'],
    [0.634, 0, '63 %'],
    [1, undefined, '100.0 %'],
    [null, undefined, '–'],
  ])('%s with %s decimals is %s', (share, digits, text) => {
    expect(formatPercent(share, digits)).toBe(text);
  });

  it.each([
    [1, '1 rollout'],
    [0, '0 rollouts'],
    [2000, '2,000 rollouts'],
  ])('%i rollouts are %s', (count, text) => {
    expect(formatCount(count, 'rollout')).toBe(text);
  });
});

describe('times', () => {
  it.each([
    [null, '–'],
    [0.85, '850 ms'],
    [12.345, '12.3 s'],
    [59.97, '1 min'],
    [245, '4 min 5 s'],
    [3600, '1 h'],
    [7380, '2 h 3 min'],
    [86_400, '1 d'],
    [273_600, '3 d 4 h'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each([
    [10, 'just now'],
    [-10, 'just now'],
    [300, '5 min ago'],
    [7200, '2 h ago'],
    [172_800, '2 d ago'],
  ])('%s seconds ago is %s', (seconds, text) => {
    expect(formatAgo(0, seconds * 1000)).toBe(text);
  });
});
