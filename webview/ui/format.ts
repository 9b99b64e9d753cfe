/** Numbers as people read them: three digits that matter, units, and a dash for what is not known. */

const unknown = '–';

/** Three significant digits, or all digits of a large whole: `0.123`, `12.3`, `1,234`, `1.2e-6`. */
export function formatNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return unknown;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e9 || size < 1e-3)
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** `12.3k`, `4.56M`: for axes and counts of tokens. */
export function formatCompact(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return unknown;
  const size = Math.abs(value);
  const [divisor, unit] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : size >= 1e4 ? [1e3, 'k'] : [1, ''];
  return unit === '' ? formatNumber(value) : `${Number((value / divisor).toPrecision(3))}${unit}`;
}

/** `0.634` as `63.4 %`. */
export function formatPercent(share: number | null, digits = 1): string {
  return share === null || !Number.isFinite(share) ? unknown : `${(100 * share).toFixed(digits)} %`;
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`, `3 d 4 h`. */
export function formatDuration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return unknown;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return twoUnits(whole, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return twoUnits(minutes, 60, 'h', 'min');
  return twoUnits(Math.round(seconds / 3600), 24, 'd', 'h');
}

/** How long ago a time (milliseconds) was: `just now`, `5 min ago`, `2 d ago`. */
export function formatAgo(time: number, now: number): string {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 45) return 'just now';
  if (seconds < 3570) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 84_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** `1 rollout`, `2,000 rollouts`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${Math.round(count).toLocaleString('en-US')} ${Math.round(count) === 1 ? one : many}`;
}

function twoUnits(value: number, base: number, large: string, small: string): string {
  const rest = value % base;
  return `${Math.floor(value / base)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}
