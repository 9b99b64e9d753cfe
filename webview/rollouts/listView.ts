/** The left side: how many rollouts there are, what arrived meanwhile, and the rows, of which only those near the screen are drawn. */
import { html, nothing, type TemplateResult } from 'lit';
import { classMap } from 'lit/directives/class-map.js';
import { repeat } from 'lit/directives/repeat.js';
import type { RolloutRow } from '../../backend/protocol/views.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { ExplorerController } from './controller.ts';
import { isEmptyFilter } from './filter.ts';
import { valueOf } from '../ui/loadable.ts';
import { button } from '../ui/controls.ts';
import { failureView, loadingView } from '../ui/partsView.ts';
import { beginsGroup } from './rowList.ts';
import { overscanRows, rowAfterKey, windowOf } from './rowWindow.ts';
import type { ExplorerState } from './state.ts';
import { statusChip } from '../ui/statusView.ts';
import { causeWords, counted, critiqueKindWords } from '../ui/words.ts';
import { groupWords, isFilteredKind } from './filteredGroups.ts';

/** Of a row, in pixels; `rollouts.css` has it as --row-height. */
export const rowHeight = 26;

export const rowsId = 'rollout-rows';

export function listView(state: ExplorerState, controller: ExplorerController): TemplateResult {
  const { list } = state;
  return html` ${summaryView(state, controller)} ${list.rows.length > 0 ? rowsView(state, controller) : emptyView(state, controller)} `;
}

function summaryView(state: ExplorerState, controller: ExplorerController): TemplateResult {
  const { list, isReadingOn } = state;
  const count = valueOf(state.count);
  const found = count === null ? 'Counting…' : counted(count, 'rollout');
  return html`<div class="list-summary">
    <span id="rollout-count" role="status" title=${state.count.state === 'failed' ? state.count.error.message : ''}
      >${state.count.state === 'failed' ? 'Count unknown' : found}</span
    >
    ${
      list.newGroups > 0
        ? html`<button id="show-newest" class="link" @click=${() => controller.reload()}>${counted(list.newGroups, 'new group')} · show</button>`
        : nothing
    }
    ${
      isReadingOn
        ? html`<span>Reading on to the last row, ${list.rows.length.toLocaleString('en-US')} so far</span>
            <button id="stop-reading" class="link" @click=${() => controller.stopReadingOn()}>stop</button>`
        : nothing
    }
  </div>`;
}

function emptyView(state: ExplorerState, controller: ExplorerController): TemplateResult {
  const { list, filter } = state;
  if (list.error !== null) return failureView('The rollouts could not be read', list.error, () => controller.reload());
  if (list.isLoading || list.next === undefined) return loadingView('Reading rollouts');
  return isEmptyFilter(filter)
    ? html`<div class="empty">
        <p>No rollouts yet.</p>
        <p>They appear here while the run collects its first step.</p>
      </div>`
    : html`<div class="empty">
        <p>No rollout matches these filters.</p>
        ${button({ id: 'clear-filters-empty', words: 'Clear filters', isMain: true, onClick: () => controller.setFilter({}) })}
      </div>`;
}

function rowsView(state: ExplorerState, controller: ExplorerController): TemplateResult {
  const { list, selectedAt } = state;
  const total = list.rows.length;
  const start = Math.min(state.window.start, total);
  const end = Math.min(state.window.end, total);
  const isSelectionDrawn = selectedAt >= start && selectedAt < end;
  return html`<div
    id=${rowsId}
    class="rows"
    role="grid"
    tabindex="0"
    aria-label="Rollouts, newest first"
    aria-rowcount=${valueOf(state.count) === null ? -1 : (valueOf(state.count) ?? 0) + 1}
    aria-busy=${list.isLoading}
    aria-activedescendant=${isSelectionDrawn ? rowId(selectedAt) : nothing}
    @scroll=${(event: Event) => followScroll(event.currentTarget as HTMLElement, state, controller)}
    @keydown=${(event: KeyboardEvent) => followKey(event, state, controller)}
  >
    ${headView()}
    <div role="rowgroup" class="row-space" style="height: ${total * rowHeight}px">
      <div role="presentation" style="transform: translateY(${start * rowHeight}px)">
        ${repeat(
          list.rows.slice(start, end),
          ({ key }) => key,
          (row, i) => rowView(row, start + i, state, controller),
        )}
      </div>
    </div>
    ${
      list.error === null
        ? nothing
        : html`<div role="row" class="row-end">
            <span role="gridcell">${failureView('The rows that follow could not be read', list.error, () => controller.loadNextPage())}</span>
          </div>`
    }
  </div>`;
}

const columns = ['Step', 'Problem', 'Level', 'Group', 'Verdict', 'Cause', 'Reward', 'Critiques', 'Tokens', 'Answer'];

function headView(): TemplateResult {
  return html`<div role="rowgroup" class="row-head">
    <div role="row" aria-rowindex="1" class="row">
      ${columns.map((name) => html`<span role="columnheader" class="cell ${name.toLowerCase()}">${name}</span>`)}
    </div>
  </div>`;
}

function rowView(row: RolloutRow, at: number, state: ExplorerState, controller: ExplorerController): TemplateResult {
  const begins = beginsGroup(state.list.rows, at);
  const isLeftOut = isFilteredKind(row.groupKind, row.step, state.filteredSteps);
  const group = row.groupKind === null ? null : groupWords(row.groupKind, isLeftOut);
  const classes = {
    row: true,
    selected: at === state.selectedAt,
    'begins-step': begins === 'step',
    'begins-problem': begins === 'problem',
    'in-group': begins === null,
    filtered: isLeftOut,
  };
  return html`<div
    role="row"
    id=${rowId(at)}
    aria-rowindex=${at + 2}
    aria-selected=${at === state.selectedAt}
    class=${classMap(classes)}
    @click=${() => controller.select(at, false)}
  >
    <span role="gridcell" class="cell step">${row.step}</span>
    <span
      role="gridcell"
      class="cell problem"
      title=${`${row.problemId} · ${group === null ? 'its group is not formed yet' : `group ${group.name}`}`}
      dir="auto"
      >${row.problemId}</span
    >
    <span role="gridcell" class="cell level" title=${row.level ?? ''} dir="auto">${row.level ?? '–'}</span>
    <span role="gridcell" class="cell group" title=${group?.meaning ?? 'Known when the step is finished'}>${group?.name ?? '–'}</span>
    <span role="gridcell" class="cell verdict">${statusChip(row.status)}</span>
    <span role="gridcell" class="cell cause">${row.cause === null ? nothing : causeWords[row.cause]}</span>
    <span role="gridcell" class="cell reward">${row.reward === null ? '–' : rewardText(row.reward)}</span>
    <span role="gridcell" class="cell critiques">${row.critiqueKinds.map((kind) => critiqueKindWords[kind]).join(', ')}</span>
    <span role="gridcell" class="cell tokens" title=${row.finish === 'length' ? 'Cut off at the token limit' : ''}
      >${row.tokenCount.toLocaleString('en-US')}${row.finish === 'length' ? '+' : ''}</span
    >
    <span role="gridcell" class="cell answer" dir="auto">${visibleText(row.excerpt)}</span>
  </div>`;
}

/** A reward without digits that say nothing. */
export function rewardText(reward: number): string {
  return Number(reward.toFixed(3)).toString();
}

function rowId(at: number): string {
  return `rollout-row-${at}`;
}

function followScroll(rows: HTMLElement, state: ExplorerState, controller: ExplorerController): void {
  const total = state.list.rows.length;
  const next = windowOf(rows.scrollTop, rows.clientHeight, rowHeight, total);
  const { start, end } = state.window;
  // A window that still reaches half of its overscan beyond the screen stays: most scroll events then draw nothing.
  const slack = overscanRows / 2;
  const covers = (start === 0 || start <= next.start + slack) && (end >= next.end - slack || end >= total);
  if (!covers) controller.moveWindow(next);
}

function followKey(event: KeyboardEvent, state: ExplorerState, controller: ExplorerController): void {
  if (event.key === 'Enter' && state.selectedAt >= 0) {
    event.preventDefault();
    controller.select(state.selectedAt, false);
    focusDetail();
    return;
  }
  if (event.key === 'Escape' && state.isReadingOn) controller.stopReadingOn();
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const rows = event.currentTarget as HTMLElement;
  const at = rowAfterKey(event.key, state.selectedAt, state.list.rows.length, Math.max(1, Math.floor(rows.clientHeight / rowHeight) - 2));
  if (at === null) return;
  event.preventDefault();
  if (event.key === 'End') controller.selectLast();
  else controller.select(at, true);
}

function focusDetail(): void {
  requestAnimationFrame(() => document.getElementById('rollout-detail')?.focus());
}
