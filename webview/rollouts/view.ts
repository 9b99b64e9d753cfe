/** The rollout explorer as a whole: filters and rows on the left, the page of what was chosen on the right. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { ExplorerController } from './controller.ts';
import { iconButton } from '../ui/controls.ts';
import { filterView } from './filterView.ts';
import { groupView, loneAttemptView } from './groupView.ts';
import { listView } from './listView.ts';
import { connectionBar, loadableView, loadingView } from '../ui/partsView.ts';
import { problemPageView } from './problemView.ts';
import { splitterView } from './splitter.ts';
import type { ExplorerState } from './state.ts';
import { tokenView } from './tokenView.ts';

export const detailId = 'rollout-detail';

export function explorerView(state: ExplorerState, controller: ExplorerController): TemplateResult {
  const { detail, switches, runId, connection } = state;
  if (runId === null) return html`<div class="explorer">${connectionBar(connection)}${loadingView('Opening the rollouts')}</div>`;
  const isOpen = detail.page !== 'none';
  return html`<div class="explorer ${isOpen ? 'with-detail' : ''}">
    ${connectionBar(connection)}
    <div class="side">
      <h1 class="page-title">Rollouts <span class="quiet ellipsis" dir="auto" title=${runId}>${runId}</span></h1>
      ${guard([state.filter, state.levels, state.filteredSteps], () => filterView(state, controller))} ${listView(state, controller)}
    </div>
    ${
      isOpen
        ? html`${splitterView()}
            <div id=${detailId} class="detail" role="region" tabindex="-1" aria-label="What was chosen">
              <div class="close">
                ${iconButton({ id: 'close-detail', icon: 'close', label: 'Close', title: 'Close', onClick: () => controller.close() })}
              </div>
              ${guard([detail, switches], () => detailView(state, controller))}
            </div>`
        : nothing
    }
  </div>`;
}

function detailView(state: ExplorerState, controller: ExplorerController): TemplateResult | typeof nothing {
  const { detail } = state;
  const retry = (): void => controller.loadDetail();
  const context = { state, controller };
  switch (detail.page) {
    case 'none':
      return nothing;
    case 'attempt':
      return loadableView(detail.data, 'The rollout', retry, (attempt) => loneAttemptView(attempt, context));
    case 'group':
      return loadableView(detail.data, 'The group', retry, (group) => groupView(group, context, detail.focusId));
    case 'problem':
      return loadableView(detail.data, 'The problem', retry, (page) => problemPageView(page, context));
    case 'tokens':
      return tokenView(detail, controller);
  }
}
