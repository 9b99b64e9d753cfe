/** A chart with its title and the switch between the curve and its numbers. Needs `curve-chart` to be registered by the page. */
import { html, type TemplateResult } from 'lit';
import { iconButton } from '../ui/controls.ts';
import { chartTable } from './chartTable.ts';
import type { ChartModel } from './curve.ts';
import type { Look } from './plotData.ts';

export interface ChartCardOptions {
  readonly look: Look;
  readonly isTable: boolean;
  readonly onToggle: () => void;
}

export function chartCard(chart: ChartModel, { look, isTable, onToggle }: ChartCardOptions): TemplateResult {
  const { id, title, hint } = chart;
  return html`<article class="chart" id="chart-${id}" aria-labelledby="chart-title-${id}">
    <div class="chart-title">
      <h3 id="chart-title-${id}" title=${hint}>${title}</h3>
      ${iconButton({
        id: `table-${id}`,
        icon: isTable ? 'graph-line' : 'table',
        label: `${title}: show the numbers as a table`,
        title: isTable ? 'Show the curve' : 'Show the numbers as a table',
        isPressed: isTable,
        onClick: onToggle,
      })}
    </div>
    ${isTable ? chartTable(chart) : html`<curve-chart .model=${chart} .look=${look}></curve-chart>`}
  </article>`;
}
