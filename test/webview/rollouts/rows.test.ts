import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf, rowAt } from '../../../webview/gallery/explorerRows.ts';
import { beginsGroup, emptyList, needsPage, selectionAfter, withPage } from '../../../webview/rollouts/rowList.ts';
import { rowAfterKey, scrollToShow, windowOf } from '../../../webview/rollouts/rowWindow.ts';

describe('the list of rows', () => {
  it('holds every row once, in order, whatever the size of the pages', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 97 }), (total, limit) => {
        let list = withPage(emptyList, pageOf(total, { runId: 'run', limit }));
        while (typeof list.next === 'number') list = withPage(list, pageOf(total, { runId: 'run', limit, after: list.next }));
        expect(list.rows.map(({ key }) => key)).toEqual(Array.from({ length: total }, (_, i) => total - 1 - i));
      }),
    );
  });

  it('does not take a row twice when a page comes twice', () => {
    const page = pageOf(10, { runId: 'run', limit: 5 });
    expect(withPage(withPage(emptyList, page), page).rows).toHaveLength(5);
  });

  it('asks for the next page well before the end is on screen, once, and not after an error', () => {
    const list = withPage(emptyList, pageOf(10_000, { runId: 'run', limit: 500 }));
    expect(needsPage(list, 40)).toBe(false);
    expect(needsPage(list, 120)).toBe(true);
    expect(needsPage({ ...list, isLoading: true }, 500)).toBe(false);
    expect(needsPage({ ...list, error: { code: 'x', message: 'x', remedy: null } }, 500)).toBe(false);
    expect(needsPage({ ...list, next: null }, 500)).toBe(false);
  });

  it('marks where a step and where a problem begins', () => {
    const rows = [0, 1, 7, 56].map((key) => rowAt(key));
    expect(rows.map((_, at) => beginsGroup(rows, at))).toEqual(['step', null, 'problem', 'step']);
    expect(beginsGroup(rows, 4)).toBeNull();
  });

  it('keeps the selection on its rollout when rows arrive above it', () => {
    const rows = [9, 8, 7].map((key) => rowAt(key));
    expect(selectionAfter(rows, rowAt(7).id, 0)).toBe(2);
    expect(selectionAfter(rows, 'gone', 1)).toBe(1);
    expect(selectionAfter(rows, null, -1)).toBe(-1);
    expect(selectionAfter([], 'gone', 4)).toBe(-1);
  });
});

describe('the drawn part of the rows', () => {
  const sizes = {
    scrollTop: fc.integer({ min: 0, max: 3_000_000 }),
    view: fc.integer({ min: 1, max: 2000 }),
    count: fc.integer({ min: 0, max: 100_000 }),
  };

  it('covers the screen wherever it is scrolled to, and stays small', () => {
    fc.assert(
      fc.property(fc.record(sizes), ({ scrollTop, view, count }) => {
        const scrolled = Math.min(scrollTop, Math.max(0, count * 26 - view));
        const { start, end } = windowOf(scrolled, view, 26, count);
        expect(start * 26).toBeLessThanOrEqual(scrolled);
        expect(end * 26).toBeGreaterThanOrEqual(Math.min(scrolled + view, count * 26));
        expect(end - start).toBeLessThanOrEqual(Math.ceil(view / 26) + 2 + 2 * 40);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(count);
      }),
    );
  });

  it.each([
    { at: 0, from: 500, to: 0 },
    { at: 5, from: 0, to: 0 },
    { at: 20, from: 0, to: 20 * 26 + 26 - (260 - 26) },
  ])('scrolls to row $at from $from only as far as needed', ({ at, from, to }) => {
    expect(scrollToShow(at, from, 260, 26, 26)).toBe(to);
  });

  it.each([
    ['ArrowDown', 3, 4],
    ['ArrowDown', 9, 9],
    ['ArrowDown', -1, 0],
    ['ArrowUp', 0, 0],
    ['Home', 7, 0],
    ['End', 2, 9],
    ['PageDown', 2, 7],
    ['PageUp', 2, 0],
    ['x', 2, null],
  ])('%s from row %i leads to %s', (key, at, to) => {
    expect(rowAfterKey(key, at, 10, 5)).toBe(to);
    expect(rowAfterKey(key, -1, 0, 5)).toBeNull();
  });
});
