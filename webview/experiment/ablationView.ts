/** What each value of an axis comes to: every run as a dot, their mean and spread, and the difference that the axis alone makes. */
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { axisText } from '../charts/axes.ts';
import { formatValue, type NumberFormat } from '../charts/curve.ts';
import { dropdown } from '../ui/controls.ts';
import { visibleText } from '../ui/visibleText.ts';
import { axesOf, axisRows, type AxisRow, type GridAxis } from './ablation.ts';
import type { ExperimentController } from './controller.ts';
import { ablationMeasures, statsText, type Measure, type Stats } from './measures.ts';
import { plateauView } from './plateauView.ts';
import { percent, scaleAround, shareOf, type Scale } from './scale.ts';
import type { ExperimentState } from './state.ts';

export function ablationView(
  cells: readonly CellResult[],
  state: Pick<ExperimentState, 'axis' | 'measure' | 'splitBy'>,
  controller: ExperimentController,
): TemplateResult {
  const axes = axesOf(cells);
  const measures = ablationMeasures(cells);
  const axis = axes.find(({ name }) => name === state.axis) ?? axes[0];
  const measure = measures.find(({ id }) => id === state.measure) ?? measures[0];
  if (axis === undefined || measure === undefined) return html`<p class="quiet note">The grid has one cell: there is nothing to compare.</p>`;
  const measureChoices = measures.map(({ id, name }) => ({ id, title: name }));
  const axisChoices = axes.map(({ name, title }) => ({ id: name, title }));
  return html`
    <div class="choices">
      ${dropdown({ id: 'ablation-measure', label: 'Measure', choices: measureChoices, chosen: measure.id, onChoose: (id) => controller.chooseMeasure(id) })}
      ${dropdown({ id: 'ablation-axis', label: 'By', choices: axisChoices, chosen: axis.name, onChoose: (id) => controller.chooseAxis(id) })}
      <span class="quiet">${measure.hint}</span>
    </div>
    ${dotPlot(axisRows(cells, axis, measure), axis, measure)}
    <p class="quiet note">
      A dot a run; the large dot is their mean, the bar ± one standard deviation. The difference is taken between runs that are alike but for this
      axis, with the same seed.
    </p>
    ${plateauView(cells, axis, measure, state.splitBy, controller)}
  `;
}

function dotPlot(rows: readonly AxisRow[], axis: GridAxis, measure: Measure): TemplateResult {
  const { format } = measure;
  const scale = scaleOf(rows);
  const [first] = axis.values;
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="${measure.name} by ${visibleText(axis.title)}">
    <table id="ablation" class="dots">
      <thead>
        <tr>
          <th scope="col" dir="auto">${visibleText(axis.title)}</th>
          <th scope="col" class="number">Runs</th>
          <th scope="col" class="drawn"><span class="hidden-words">Drawn: </span>${measure.name}</th>
          <th scope="col" class="number">Mean</th>
          <th scope="col" class="number">Against <span dir="auto">${visibleText(first ?? '')}</span>${format === 'share' ? ', points' : ''}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ value, stats, difference }) =>
            html`<tr>
              <th scope="row"><span class="name" dir="auto">${visibleText(value)}</span></th>
              <td class="number">${stats?.values.length ?? 0}</td>
              <td class="drawn">${plotView(stats, scale)}</td>
              <td class="number">${statsText(stats, format)}</td>
              <td class="number">${value === first ? html`<span class="quiet">–</span>` : differenceText(difference, format)}</td>
            </tr>`,
        )}
      </tbody>
      <tfoot aria-hidden="true">
        <tr>
          <td></td>
          <td></td>
          <td class="drawn">${tickView(scale, format)}</td>
          <td></td>
          <td></td>
        </tr>
      </tfoot>
    </table>
  </div>`;
}

function plotView(stats: Stats | null, scale: Scale): TemplateResult {
  const at = (value: number): string => percent(shareOf(value, scale));
  return html`<svg class="track" aria-hidden="true" height="26">
    ${scale.ticks.map((tick) => svg`<line class="tick" x1=${at(tick)} x2=${at(tick)} y1="0" y2="26"></line>`)}
    ${stats === null ? nothing : marks(stats, at)}
  </svg>`;
}

function marks({ mean, spread, values }: Stats, at: (value: number) => string): SVGTemplateResult {
  return svg`
    ${spread === 0 ? nothing : svg`<line class="interval" x1=${at(mean - spread)} x2=${at(mean + spread)} y1="13" y2="13"></line>`}
    ${values.length === 1 ? nothing : values.map((value) => svg`<circle class="one" cx=${at(value)} cy="13" r="2.5"></circle>`)}
    <circle class="mean" cx=${at(mean)} cy="13" r="4.5"></circle>
  `;
}

function tickView(scale: Scale, format: NumberFormat): TemplateResult {
  const { ticks } = scale;
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  return html`<svg class="track" height="18">
    ${ticks.map((tick) => svg`<text class="tick-name" x=${percent(shareOf(tick, scale))} y="13">${axisText(tick, step, format)}</text>`)}
  </svg>`;
}

/** Over all runs and intervals that are drawn. */
function scaleOf(rows: readonly AxisRow[]): Scale {
  return scaleAround(rows.flatMap(({ stats }) => (stats === null ? [] : endsOf(stats))));
}

function endsOf({ values, mean, spread }: Stats): readonly number[] {
  return [...values, mean - spread, mean + spread];
}

/** In percentage points where the measure is a share. */
function differenceText(stats: Stats | null, format: NumberFormat): string {
  if (stats === null) return '–';
  const amount = (value: number): string => (format === 'share' ? (100 * value).toFixed(1) : formatValue(value, format));
  const sign = stats.mean < 0 ? '−' : '+';
  const spread = stats.values.length === 1 ? '' : ` ± ${amount(stats.spread)}`;
  return `${sign}${amount(Math.abs(stats.mean))}${spread}`;
}
