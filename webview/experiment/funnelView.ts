/** The funnels of critiques as plain tables with bars. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { CellResult } from '../../backend/protocol/experimentViews.ts';
import { dropdown } from '../ui/controls.ts';
import { formatCount } from '../ui/format.ts';
import { visibleText } from '../ui/visibleText.ts';
import type { ExperimentController } from './controller.ts';
import { rescueFunnel, trainingFunnel, type FunnelGrouping, type FunnelRow } from './funnel.ts';
import { statsText, type Stats } from './measures.ts';
import { percent } from './scale.ts';

const groupings: readonly { readonly id: FunnelGrouping; readonly title: string }[] = [
  { id: 'together', title: 'All runs' },
  { id: 'cells', title: 'Each cell' },
];

export function funnelView(cells: readonly CellResult[], by: FunnelGrouping, controller: ExperimentController): TemplateResult {
  const training = trainingFunnel(cells, by);
  const rescue = rescueFunnel(cells, by);
  if (training.length === 0 && rescue.length === 0) return html`<p class="quiet note">No run of this experiment has critiques.</p>`;
  const studies = cells.flatMap(({ seeds }) => seeds.flatMap(({ rescue: study }) => study ?? []));
  const attempts = studies[0]?.attempts ?? 0;
  return html`
    <div class="choices">
      ${dropdown({ id: 'funnel-by', label: 'Of', choices: groupings, chosen: by, onChoose: (id) => controller.chooseFunnel(id) })}
    </div>
    ${training.length === 0 ? nothing : funnelTable('funnel', 'In training', training, by)}
    ${
      rescue.length === 0
        ? nothing
        : funnelTable('rescue', `After training, of problems with no right answer in ${attempts === 1 ? 'one try' : `${attempts} tries`}`, rescue, by)
    }
  `;
}

const stages = [
  { title: 'Valid critiques', hint: 'Of wrong answers that a critique was asked for.' },
  { title: 'Valid refinements', hint: 'Right refinements, of answers with a valid critique.' },
  { title: 'Rescued questions', hint: 'Questions without a right rollout for which a refinement was right.' },
] as const;

function funnelTable(id: string, caption: string, rows: readonly FunnelRow[], by: FunnelGrouping): TemplateResult {
  return html`<div class="table-frame" tabindex="0" role="region" aria-label="What critiques led to: ${caption}">
    <table id=${id}>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${by === 'cells' ? html`<th scope="col">Cell</th>` : nothing}
          <th scope="col">Critique</th>
          <th scope="col" class="number">Wrong answers</th>
          ${stages.map(({ title, hint }) => html`<th scope="col" title=${hint}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ cell, critique, wrong, right, questions, rescued, stages: [critiques, refinements, rescuedQuestions] }) =>
            html`<tr>
              ${cell === null ? nothing : html`<th scope="row"><span class="name" dir="auto">${visibleText(cell)}</span></th>`}
              <th scope="row"><span class="name" dir="auto">${visibleText(critique)}</span></th>
              <td class="number">${wrong.toLocaleString('en-US')}</td>
              <td>${stageView(critiques, null)}</td>
              <td>${stageView(refinements, `${right.toLocaleString('en-US')} right`)}</td>
              <td>${stageView(rescuedQuestions, `${rescued.toLocaleString('en-US')} of ${formatCount(questions, 'question')}`)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A bar with the spread drawn into it, and the numbers. */
function stageView(stats: Stats | null, counts: string | null): TemplateResult | string {
  if (stats === null) return '–';
  const { mean, spread } = stats;
  const [low, high] = [Math.max(0, mean - spread), Math.min(1, mean + spread)];
  return html`<span class="stage">
    <svg class="gauge" aria-hidden="true" height="10">
      <rect class="whole" width="100%" height="10" rx="2"></rect>
      <rect class="value" width=${percent(mean)} height="10" rx="2"></rect>
      ${spread === 0 ? nothing : svg`<line class="interval" x1=${percent(low)} x2=${percent(high)} y1="5" y2="5"></line>`}
    </svg>
    <span><b>${statsText(stats, 'share')}</b> ${counts === null ? nothing : html`<span class="quiet">${counts}</span>`}</span>
  </span>`;
}
