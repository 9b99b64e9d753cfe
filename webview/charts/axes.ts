/** Range and ticks of a chart's axes, and how keys move along them. */
import { formatCompact } from '../ui/format.ts';
import type { ChartModel, NumberFormat } from './curve.ts';

/** Points that PageUp and PageDown move by. */
const pageOfPoints = 10;

/** From 0 where the values come near it; shares never beyond 1. */
export function verticalRange(
  { format, isStacked }: Pick<ChartModel, 'format' | 'isStacked'>,
  min: number | null,
  max: number | null,
): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1];
  const margin = max === min ? Math.abs(max) * 0.1 || 1 : (max - min) * 0.08;
  const standsOnZero = min >= 0 && (isStacked === true || format === 'share' || min < 0.5 * max || max === min);
  const top = max + margin;
  return [standsOnZero ? 0 : min - margin, format === 'share' ? Math.min(Math.max(top, 0.05), 1.02) : top];
}

/** As many decimals as tell one tick from the next. */
export function axisText(value: number, increment: number, format: NumberFormat): string {
  const [unit, scale] = format === 'share' ? [' %', 100] : [format === 'seconds' ? ' s' : '', 1];
  const decimals = String(Number((increment * scale).toPrecision(3))).split('.')[1]?.length ?? 0;
  const isPlain = increment > 0 && decimals <= 4 && Math.abs(value * scale) < 10_000;
  return `${isPlain ? String(Number((value * scale).toFixed(decimals))) : formatCompact(value * scale)}${unit}`;
}

/** The index that a key moves to from `at`; null for keys that do not move. */
export function placeOfKey(key: string, at: number, count: number): number | null {
  const last = count - 1;
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, at - 1);
    case 'ArrowRight':
      return Math.min(last, at + 1);
    case 'PageDown':
      return Math.max(0, at - pageOfPoints);
    case 'PageUp':
      return Math.min(last, at + pageOfPoints);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
