/** Which of many rows of one height are drawn. */

export interface RowWindow {
  /** First row drawn, and the one after the last. */
  readonly start: number;
  readonly end: number;
}

/** More than a flick of the wheel moves between two frames, so that what scrolls in is drawn already. */
export const overscanRows = 40;

export function windowOf(scrollTop: number, viewHeight: number, rowHeight: number, count: number, overscan = overscanRows): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const visible = Math.ceil(viewHeight / rowHeight) + 1;
  const start = Math.max(0, Math.min(first, count - visible) - overscan);
  return { start, end: Math.min(count, Math.max(first, start) + visible + overscan) };
}

/** The scroll position that shows a row wholly, moving as little as can be; `header` is the height that stays at the top. */
export function scrollToShow(at: number, scrollTop: number, viewHeight: number, rowHeight: number, header = 0): number {
  const top = at * rowHeight;
  const space = viewHeight - header;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + space ? top + rowHeight - space : scrollTop;
}

/** The row that a key leads to; null when the key moves nothing. */
export function rowAfterKey(key: string, at: number, count: number, pageRows: number): number | null {
  if (count === 0) return null;
  const inside = (row: number): number => Math.min(Math.max(row, 0), count - 1);
  switch (key) {
    case 'ArrowDown':
      return inside(at + 1);
    case 'ArrowUp':
      return inside(at - 1);
    case 'PageDown':
      return inside(at + pageRows);
    case 'PageUp':
      return inside(at - pageRows);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
