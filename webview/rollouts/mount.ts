/** Draws the explorer into a page, for whatever host stands behind it. */
import { render } from 'lit';
import type { PageHost } from '../ui/pageHost.ts';
import { defineControls } from '../ui/toolkit.ts';
import { ExplorerController } from './controller.ts';
import { searchId } from './filterView.ts';
import { rowHeight, rowsId } from './listView.ts';
import { scrollToShow } from './rowWindow.ts';
import type { ExplorerState } from './state.ts';
import { defineTokenText } from './tokenElement.ts';
import { detailId, explorerView } from './view.ts';
import '../ui/page.css';
import '../ui/parts.css';
import './rollouts.css';
import './list.css';
import './detail.css';
import './tokens.css';
import './history.css';

export function mountExplorer(root: HTMLElement, host: PageHost): ExplorerController {
  defineControls();
  defineTokenText();
  let drawn: ExplorerState | null = null;
  // Drawn at once: a scrolled list that waits for the next frame would show a gap in this one.
  const draw = (state: ExplorerState): void => {
    const before = drawn;
    drawn = state;
    render(explorerView(state, controller), root);
    if (before !== null) settle(before, state);
  };
  const controller = new ExplorerController(host, draw);
  draw(controller.state);
  document.addEventListener('keydown', focusSearch);
  return controller;
}

/** Brings into view what changed: the selected row, the page that was opened, the rollout it was opened for. */
function settle(before: ExplorerState, state: ExplorerState): void {
  if (state.selectedAt !== before.selectedAt && state.selectedAt >= 0) {
    const rows = document.getElementById(rowsId);
    if (rows !== null) rows.scrollTop = scrollToShow(state.selectedAt, rows.scrollTop, rows.clientHeight, rowHeight, rowHeight);
  }
  const [old, now] = [before.detail, state.detail];
  if (old.page !== now.page) document.getElementById(detailId)?.scrollTo(0, 0);
  if (now.page !== 'group' || now.data.state !== 'ready' || now.focusId === null) return;
  const isNew = old.page !== 'group' || old.focusId !== now.focusId || old.data.state !== 'ready';
  if (isNew) document.getElementById(`attempt-${now.focusId}`)?.scrollIntoView({ block: 'nearest' });
}

function focusSearch(event: KeyboardEvent): void {
  // Fields are inside of elements of their own, which the event's target would name.
  const [target] = event.composedPath();
  const isTyping = target instanceof HTMLElement && target.matches('input, textarea, select, [role=combobox], [contenteditable]');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  document.getElementById(searchId)?.focus();
}
