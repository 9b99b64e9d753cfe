/** Mean and spread of every cell, sortable by column. A plain table. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { ExperimentController } from './controller.ts';
import { statsText, tableMeasures, type Measure, type Stats } from './measures.ts';
import { resultsTable, type ResultRow, type Sort } from './results.ts';

export function resultsView(cells: readonly CellResult[], sort: Sort | null, controller: ExperimentController): TemplateResult {
  const { measures, rows, best } = resultsTable(cells, tableMeasures(cells), sort);
  const head = (id: string, title: string, meaning: string, better: Measure['better']): TemplateResult =>
    html`<th scope="col" aria-sort=${sort?.column !== id ? nothing : sort.isDescending ? 'descending' : 'ascending'}>
      <button id="sort-${id}" class="sort" title="${meaning} Click to sort." @click=${() => controller.sortBy(id, better)}>
        <span dir="auto">${title}</span
        ><span class="codicon codicon-${sort?.column !== id ? 'blank' : sort.isDescending ? 'arrow-down' : 'arrow-up'}" aria-hidden="true"></span>
      </button>
    </th>`;
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="Results by cell">
      <table id="results">
        <thead>
          <tr>
            ${head('cell', 'Cell', 'Of the grid.', null)}
            <th scope="col" title="Runs that are finished">Runs</th>
            ${measures.map(({ id, title, name, hint, better }) => head(id, title, `${name}. ${hint}`, better))}
          </tr>
        </thead>
        <tbody>
          ${rows.map((row) => rowView(row, measures, best))}
        </tbody>
      </table>
    </div>
    <p class="quiet note">Mean ± standard deviation over seeds; the best mean of a column is bold.${missingText(cells)}</p>`;
}

function rowView({ label, runs, stats }: ResultRow, measures: readonly Measure[], best: readonly (number | null)[]): TemplateResult {
  return html`<tr>
    <th scope="row"><span class="name" dir="auto">${visibleText(label)}</span></th>
    <td>${runs}</td>
    ${measures.map((measure, i) => cellView(stats[i] ?? null, measure, best[i] ?? null))}
  </tr>`;
}

function cellView(stats: Stats | null, { format }: Measure, best: number | null): TemplateResult {
  const text = statsText(stats, format);
  return html`<td>${stats !== null && stats.mean === best ? html`<b>${text}</b>` : text}</td>`;
}

function missingText(cells: readonly CellResult[]): string {
  const missing = cells.filter(({ seeds }) => seeds.length === 0).length;
  if (missing === 0) return '';
  return missing === 1 ? ' One cell has no finished run yet.' : ` ${missing} cells have no finished run yet.`;
}
