/** The chart over an axis of numbers: lines with their spread, and the numbers behind it. */
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { axisText } from '../charts/axes.ts';
import { cssColor } from '../charts/curve.ts';
import { dropdown } from '../ui/controls.ts';
import { formatCompact } from '../ui/format.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { GridAxis } from './ablation.ts';
import type { ExperimentController } from './controller.ts';
import { lineLook } from './lineLook.ts';
import { statsText, type Measure } from './measures.ts';
import { plateauOf, together, type Plateau, type PlateauLine } from './plateau.ts';
import { percent, scaleAround, shareOf, type Scale } from './scale.ts';

const height = 240;
/** Room for dots and words at the upper and lower end. */
const margin = 10;

/** Nothing where the axis is not one of numbers. */
export function plateauView(
  cells: readonly CellResult[],
  axis: GridAxis,
  measure: Measure,
  splitBy: string | null,
  controller: ExperimentController,
): TemplateResult | typeof nothing {
  const plateau = plateauOf(cells, axis, measure, splitBy);
  if (plateau === null || plateau.lines.length === 0) return nothing;
  const { splits, by, lines } = plateau;
  const title = `${measure.name} over ${visibleText(axis.title)}`;
  const choices = [...splits.map((split) => ({ id: split.name, title: split.title })), { id: together, title: 'All runs together' }];
  return html`<figure class="plateau" aria-labelledby="plateau-title">
    <div class="choices">
      <h3 id="plateau-title">${title}</h3>
      ${splits.length === 0 ? nothing : dropdown({ id: 'split-by', label: 'A line each', choices, chosen: by, onChoose: (id) => controller.chooseSplit(id) })}
      ${
        lines.length < 2
          ? nothing
          : html`<ul class="legend">
              ${lines.map(({ label }, i) => legendItem(label, i))}
            </ul>`
      }
    </div>
    ${drawing(plateau, measure, title)}
    <details>
      <summary>Numbers</summary>
      ${numbersTable(plateau, axis, measure)}
    </details>
  </figure>`;
}

function legendItem(label: string, index: number): TemplateResult {
  const { color, dash } = lineLook(index);
  return html`<li>
    <span class="swatch ${dash === undefined ? '' : 'dashed'}" style="border-color: ${cssColor(color)}"></span>
    <span dir="auto">${visibleText(label)}</span>
  </li>`;
}

function drawing({ x, isLog, lines }: Plateau, measure: Measure, title: string): TemplateResult {
  const ends = lines.flatMap(({ points }) =>
    points.flatMap((stats) => (stats === null ? [] : [stats.mean - stats.spread, stats.mean + stats.spread])),
  );
  const vertical = scaleAround(ends);
  const [step0 = 0, step1 = 1] = vertical.ticks;
  const top = (value: number): number => margin + (height - 2 * margin) * (1 - shareOf(value, vertical));
  const left = placesOf(x, isLog);
  return html`<div class="plane">
    <svg class="labels" aria-hidden="true" width="52" height=${height}>
      ${vertical.ticks.map((tick) => svg`<text x="46" y=${top(tick) + 4}>${axisText(tick, step1 - step0, measure.format)}</text>`)}
    </svg>
    <div class="area">
      <svg role="img" aria-label="${title}; its numbers are in the table below" height=${height}>
        ${gridLines(vertical, top)} ${lines.map((line, i) => lineView(line, i, left, top))}
      </svg>
      <svg class="labels middle" aria-hidden="true" height="18">
        ${x.map((value, i) => svg`<text x=${percent(left[i] ?? 0)} y="13">${formatCompact(value)}</text>`)}
      </svg>
    </div>
  </div>`;
}

function gridLines({ ticks }: Scale, top: (value: number) => number): readonly SVGTemplateResult[] {
  return ticks.map((tick) => svg`<line class="tick" x1="0" x2="100%" y1=${top(tick)} y2=${top(tick)}></line>`);
}

function lineView({ points }: PlateauLine, index: number, left: readonly number[], top: (value: number) => number): SVGTemplateResult {
  const { color, dash } = lineLook(index);
  const known = points.flatMap((stats, i) => (stats === null ? [] : [{ stats, x: percent(left[i] ?? 0) }]));
  return svg`<g style="stroke: ${cssColor(color)}; fill: ${cssColor(color)}">
    ${known.slice(1).map(({ stats, x }, i) => {
      const before = known[i] as (typeof known)[number];
      return svg`<line
        class="course" stroke-dasharray=${dash?.join(' ') ?? nothing} x1=${before.x} x2=${x} y1=${top(before.stats.mean)} y2=${top(stats.mean)}></line>`;
    })}
    ${known.map(
      ({ stats: { mean, spread }, x }) => svg`
        ${spread === 0 ? nothing : svg`<line class="spread" x1=${x} x2=${x} y1=${top(mean - spread)} y2=${top(mean + spread)}></line>`}
        <circle cx=${x} cy=${top(mean)} r="3.5"></circle>`,
    )}
  </g>`;
}

function numbersTable({ x, lines, by, splits }: Plateau, axis: GridAxis, measure: Measure): TemplateResult {
  const head = splits.find(({ name }) => name === by)?.title ?? '';
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="${measure.name} over ${visibleText(axis.title)}, as a table">
    <table>
      <thead>
        <tr>
          <th scope="col">${visibleText(head)}</th>
          ${x.map((value) => html`<th scope="col" class="number">${visibleText(axis.title)} ${value.toLocaleString('en-US')}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          ({ label, points }) =>
            html`<tr>
              <th scope="row"><span class="name" dir="auto">${visibleText(label)}</span></th>
              ${points.map((stats) => html`<td class="number">${statsText(stats, measure.format)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** Between 4 % and 96 % of the width, so that words at the ends have room. */
function placesOf(x: readonly number[], isLog: boolean): readonly number[] {
  const by = (value: number): number => (isLog ? Math.log(value) : value);
  const [from, to] = [by(x[0] as number), by(x.at(-1) as number)];
  return x.map((value) => 0.04 + 0.92 * shareOf(by(value), { from, to }));
}
