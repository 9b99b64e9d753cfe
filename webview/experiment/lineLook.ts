/** How lines are told apart: six colors, then the same dashed. */
import type { ChartColor } from '../charts/curve.ts';

export interface LineLook {
  readonly color: ChartColor;
  readonly dash?: readonly number[];
}

const colors: readonly ChartColor[] = ['blue', 'orange', 'green', 'purple', 'red', 'yellow'];

export function lineLook(index: number): LineLook {
  const color = colors[index % colors.length] as ChartColor;
  return index % (2 * colors.length) < colors.length ? { color } : { color, dash: [6, 4] };
}
