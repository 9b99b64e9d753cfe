/** The page of an experiment as a template of its state. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import type { CellResult, ExperimentDetail, ExperimentReport } from '../../backend/protocol/experimentViews.ts';
import { HideEvent, ZoomEvent } from '../charts/curveChart.ts';
import { valueOf } from '../ui/loadable.ts';
import { connectionBar, failureView, loadableView } from '../ui/partsView.ts';
import { visibleText } from '../ui/visibleText.ts';
import { ablationView } from './ablationView.ts';
import type { ExperimentController } from './controller.ts';
import { curvesView } from './curvesView.ts';
import { funnelView } from './funnelView.ts';
import { gridView } from './gridView.ts';
import { headerView } from './headerView.ts';
import { resultsView } from './resultsView.ts';
import { hasResults, type ExperimentState } from './state.ts';

export function experimentView(state: ExperimentState, controller: ExperimentController): TemplateResult {
  const onZoom = (event: Event): void => void (event instanceof ZoomEvent && controller.zoom(event.range));
  const onHide = (event: Event): void => void (event instanceof HideEvent && controller.toggleCurves(event.curveId));
  const { connection, detail, refusal, view } = state;
  return html`<div class="experiment report-page" @curve-zoom=${onZoom} @curve-hide=${onHide}>
    ${connectionBar(connection)}
    ${
      refusal === null
        ? nothing
        : failureView(refusal.of === 'start' ? 'The experiment could not be started' : 'The experiment could not be paused', refusal.error)
    }
    ${valueOf(detail) === null ? html`<h1 class="hidden-words">Experiment ${visibleText(view?.experimentId ?? '')}</h1>` : nothing}
    ${loadableView(
      detail,
      'The experiment',
      () => controller.reload(),
      (value) => html`${headerView(state, value, controller)} ${gridView(value, controller)} ${reportView(state, value, controller)}`,
    )}
  </div>`;
}

function reportView(state: ExperimentState, detail: ExperimentDetail, controller: ExperimentController): TemplateResult {
  if (!hasResults(detail)) {
    return html`<div class="empty">
      <p>No run is finished yet.</p>
      <p class="quiet">Results, curves, and what critiques led to appear here by themselves.</p>
    </div>`;
  }
  return loadableView(
    state.report,
    'The results',
    () => controller.reloadReport(),
    ({ cells }: ExperimentReport) => html`
      ${section(
        'results',
        'Results',
        guard([cells, state.sort], () => resultsView(cells, state.sort, controller)),
      )}
      ${section(
        'curves',
        'Curves',
        guard([cells, state.linesBy, state.look, state.tables], () => curvesView(cells, state, controller)),
      )}
      ${section(
        'funnel',
        'What critiques led to',
        guard([cells, state.funnelBy], () => funnelView(cells, state.funnelBy, controller)),
      )}
      ${
        hasAblation(cells)
          ? section(
              'ablation',
              'Ablation',
              guard([cells, state.axis, state.measure, state.splitBy], () => ablationView(cells, state, controller)),
            )
          : nothing
      }
    `,
  );
}

function hasAblation(cells: readonly CellResult[]): boolean {
  return cells.length > 1;
}

function section(id: string, title: string, content: unknown): TemplateResult {
  return html`<section class="section" aria-labelledby="section-${id}">
    <h2 id="section-${id}">${title}</h2>
    ${content}
  </section>`;
}
