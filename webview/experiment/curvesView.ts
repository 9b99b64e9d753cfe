/** Charts over the steps of training. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { chartCard } from '../charts/chartCard.ts';
import { dropdown } from '../ui/controls.ts';
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
      ${choices.length === 1 ? nothing : dropdown({ id: 'lines-by', label: 'A line each', choices, chosen: by, onChoose: (id) => controller.chooseLines(id) })}
      <span class="quiet">
        Mean of the runs; the band is ± one standard deviation.${left === 0 ? '' : ` The best ${groups.length} of ${groups.length + left} lines.`}
      </span>
      ${range === null ? nothing : html`<button id="reset-zoom" class="link" @click=${() => controller.zoom(null)}>Show all steps</button>`}
    </div>
    <div class="charts">
      ${charts.map((chart) => chartCard(chart, { look: state.look, isTable: state.tables.has(chart.id), onToggle: () => controller.toggleTable(chart.id) }))}
    </div>
  `;
}
