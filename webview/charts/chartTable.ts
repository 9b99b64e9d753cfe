/** The numbers of a chart as a table: for those who do not see it, and for copying. */
import { html, type TemplateResult } from 'lit';
import { formatValue, formatX, type ChartModel } from './curve.ts';

/** More rows than this are of no use to a reader, and slow. */
const maxRows = 500;

export function chartTable(model: ChartModel): TemplateResult {
  const { rows, total } = tableRows(model);
  return html`<div class="chart-table" tabindex="0" role="region" aria-label="${model.title}, as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">${model.xAxis}</th>
          ${model.curves.map(({ label }) => html`<th scope="col" dir="auto">${label}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ x, values }) =>
            html`<tr>
              <th scope="row">${formatX(x, model.xAxis)}</th>
              ${values.map((value) => html`<td>${formatValue(value, model.format)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
    ${total > rows.length ? html`<p class="quiet">The newest ${rows.length} of ${total.toLocaleString('en-US')} rows.</p>` : ''}
  </div>`;
}

export interface TableRow {
  readonly x: number;
  /** One a curve. */
  readonly values: readonly (number | null)[];
}

/** Newest first; a row for each place at which a curve has a value. */
export function tableRows({ curves }: Pick<ChartModel, 'curves'>, limit = maxRows): { readonly rows: readonly TableRow[]; readonly total: number } {
  const byX = new Map<number, (number | null)[]>();
  curves.forEach(({ x, values }, column) => {
    x.forEach((place, i) => {
      const value = values[i] ?? null;
      if (value === null) return;
      let row = byX.get(place);
      if (row === undefined) byX.set(place, (row = curves.map(() => null)));
      row[column] = value;
    });
  });
  const places = [...byX.keys()].sort((a, b) => b - a);
  return { rows: places.slice(0, limit).map((x) => ({ x, values: byX.get(x) ?? [] })), total: places.length };
}
