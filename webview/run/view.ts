/** The dashboard as a template of its state. */
import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { chartCard } from '../charts/chartCard.ts';
import { HideEvent, ZoomEvent } from '../charts/curveChart.ts';
import { connectionBar, failureView, loadingView } from '../ui/partsView.ts';
import { sectionsOf, type RunNumbers, type Section } from './catalog.ts';
import type { DashboardController } from './controller.ts';
import { explanationsOf } from './explanations.ts';
import { funnelTable } from './funnelView.ts';
import { headerView } from './headerView.ts';
import { newsView, rescueView } from './newsView.ts';
import { runOrder, secondsSinceNews, shownRun, type DashboardState, type RunData } from './state.ts';
import { toolbarView } from './toolbarView.ts';

export function dashboardView(state: DashboardState, controller: DashboardController): TemplateResult {
  const run = shownRun(state);
  const onZoom = (event: Event): void => void (event instanceof ZoomEvent && controller.zoom(event.range));
  const onHide = (event: Event): void => void (event instanceof HideEvent && controller.toggleCurves(event.curveId));
  return html`<div class="dashboard report-page" @curve-zoom=${onZoom} @curve-hide=${onHide}>
    ${connectionBar(state.connection)}
    ${state.error === null ? nothing : failureView('The run could not be read', state.error, () => controller.reload())}
    ${
      run === null
        ? html`<h1 class="hidden-words">Run ${state.view?.runId ?? ''}</h1>
            ${waitingView(state)}`
        : html`${headerView(state, run, controller)} ${bodyView(state, run, controller)}`
    }
  </div>`;
}

function bodyView(state: DashboardState, run: RunData, controller: DashboardController): TemplateResult {
  const { summary, curves, evaluations } = run;
  const news = newsView(state.news, state.now, summary.id, controller);
  if (curves.steps.length === 0 && evaluations.length === 0) {
    return html`<div class="empty">
        <p>No step is finished yet.</p>
        <p class="quiet">The policy is evaluated before its first step. Curves appear here by themselves.</p>
      </div>
      ${news}`;
  }
  const overlays = overlaysOf(state);
  const { xAxis, look, tables, funnel, rescue } = state;
  const order = runOrder(state);
  return html`
    ${explanationsView(state, run)} ${toolbarView(state, controller)}
    ${guard(
      [
        curves,
        evaluations,
        ...overlays.flatMap((other) => [other.curves, other.evaluations]),
        overlays.length,
        order.join(),
        xAxis,
        look,
        tables,
        funnel,
        rescue,
      ],
      () => sectionsOf(numbersOf(run), overlays.map(numbersOf), xAxis, order).map((section) => sectionView(section, state, summary.id, controller)),
    )}
    ${news}
  `;
}

function explanationsView(state: DashboardState, { summary, curves, evaluations }: RunData): TemplateResult | typeof nothing {
  const explanations = explanationsOf({ summary, curves, evaluations, secondsSinceNews: secondsSinceNews(state) });
  if (explanations.length === 0) return nothing;
  return html`<ul class="explanations" aria-label="What the numbers say">
    ${explanations.map(
      ({ tone, text }) => html`<li class=${tone}><span class="codicon codicon-${tone}" aria-hidden="true"></span><span>${text}</span></li>`,
    )}
  </ul>`;
}

function sectionView({ id, title, charts }: Section, state: DashboardState, runId: string, controller: DashboardController): TemplateResult {
  const { funnel, rescue } = state;
  return html`<section class="section" aria-labelledby="section-${id}">
    <h2 id="section-${id}">${title}</h2>
    <div class="charts">
      ${charts.map((chart) => chartCard(chart, { look: state.look, isTable: state.tables.has(chart.id), onToggle: () => controller.toggleTable(chart.id) }))}
    </div>
    ${id === 'rescue' ? html`${rescueView(rescue, runId, controller)} ${funnel === null ? nothing : funnelTable(funnel)}` : nothing}
  </section>`;
}

function waitingView({ error }: DashboardState): TemplateResult | typeof nothing {
  if (error !== null) return nothing;
  return loadingView('Reading the run');
}

function overlaysOf({ view, data }: DashboardState): readonly RunData[] {
  return (view?.overlays ?? []).flatMap((id) => data[id] ?? []);
}

function numbersOf({ summary: { id, name }, curves, evaluations }: RunData): RunNumbers {
  return { id, name, curves, evaluations };
}
