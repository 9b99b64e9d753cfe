/** Charts over the steps of training. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { chartTable } from '../charts/chartTable.ts';
import type { ChartModel } from '../charts/curve.ts';
import { choiceView } from './choiceView.ts';
import type { ExperimentController } from './controller.ts';
import { chartsOf, lineChoices, linesOf, usualLines } from './curves.ts';
import type { ExperimentState } from './state.ts';

type CurvesState = Pick<ExperimentState, 'linesBy' | 'look' | 'tables'>;

export function curvesView(cells: readonly CellResult[], state: CurvesState, controller: ExperimentController): TemplateResult {
  const choices = lineChoices(cells);
  const by = choices.find(({ id }) => id === state.linesBy)?.id ?? usualLines(cells);
  const { groups, left } = linesOf(cells, by);
  const charts = chartsOf(groups);
  const { range } = state.look;
  return html`
    <div class="choices">
      ${choices.length === 1 ? nothing : choiceView('lines-by', 'A line each', choices, by, (id) => controller.chooseLines(id))}
      <span class="quiet">
        Mean of the runs; the band is ± one standard deviation.${left === 0 ? '' : ` The best ${groups.length} of ${groups.length + left} lines.`}
      </span>
      ${range === null ? nothing : html`<button id="reset-zoom" class="link" @click=${() => controller.zoom(null)}>Show all steps</button>`}
    </div>
    <div class="charts">${charts.map((chart) => chartView(chart, state, controller))}</div>
  `;
}

function chartView(chart: ChartModel, { look, tables }: CurvesState, controller: ExperimentController): TemplateResult {
  const { id, title, hint } = chart;
  const isTable = tables.has(id);
  return html`<article class="chart" id="chart-${id}" aria-labelledby="chart-title-${id}">
    <div class="chart-title">
      <h3 id="chart-title-${id}" title=${hint}>${title}</h3>
      <button
        id="table-${id}"
        class="icon"
        aria-pressed=${isTable}
        aria-label="${title}: show the numbers as a table"
        title=${isTable ? 'Show the curve' : 'Show the numbers as a table'}
        @click=${() => controller.toggleTable(id)}
      >
        <span class="codicon codicon-${isTable ? 'graph-line' : 'table'}" aria-hidden="true"></span>
      </button>
    </div>
    ${isTable ? chartTable(chart) : html`<curve-chart .model=${chart} .look=${look}></curve-chart>`}
  </article>`;
}
