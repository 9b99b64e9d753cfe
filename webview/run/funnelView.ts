/** What critiques of each kind led to, over the whole run. A plain table: readable by everyone. */
import { html, type TemplateResult } from 'lit';
import { wilsonInterval } from '../../backend/core/stats.ts';
import type { Funnel, FunnelOfKind } from '../../backend/protocol/views.ts';
import { formatCount, formatPercent } from '../ui/format.ts';
import { critiqueKindWords } from '../ui/words.ts';

const kindNames: Readonly<Record<FunnelOfKind['kind'], string>> = { ...critiqueKindWords, resample: 'second attempt (control)' };

export function funnelTable({ wrong, kinds }: Funnel): TemplateResult {
  if (kinds.length === 0) return html`<p class="quiet">${formatCount(wrong, 'wrong rollout')}; none got a critique.</p>`;
  return html`<div class="funnel" tabindex="0" role="region" aria-label="What critiques led to">
    <table id="funnel">
      <caption>
        What critiques led to
        <span class="quiet">over the whole run, of ${formatCount(wrong, 'wrong rollout')}</span>
      </caption>
      <thead>
        <tr>
          <th scope="col">Critique</th>
          <th scope="col">Wrong answers</th>
          <th scope="col">Refined</th>
          <th scope="col">Right</th>
          <th scope="col">Success, with 95 % interval</th>
          <th scope="col">Problems all wrong</th>
          <th scope="col">Rescued</th>
          <th scope="col" title="Critiques that tell the answer or were cut off, refinements that copy or speak of the critique">Flagged</th>
          <th scope="col" title="Success and rescued problems without what is flagged">Without flagged</th>
        </tr>
      </thead>
      <tbody>
        ${kinds.map(
          ({ kind, critiqued, refined, refinedRight, problems, problemsRescued, flagged, refinedRightUnflagged, problemsRescuedUnflagged }) =>
            html`<tr>
              <th scope="row">${kindNames[kind]}</th>
              <td>${number(critiqued)}</td>
              <td>${number(refined)}</td>
              <td>${number(refinedRight)}</td>
              <td>${rate(refinedRight, refined)}</td>
              <td>${number(problems)}</td>
              <td>${number(problemsRescued)} <span class="quiet">${problems === 0 ? '' : formatPercent(problemsRescued / problems, 0)}</span></td>
              <td>${number(flagged)} <span class="quiet">${critiqued === 0 ? '' : formatPercent(flagged / critiqued, 0)}</span></td>
              <td>${number(refinedRightUnflagged)} <span class="quiet">right, ${number(problemsRescuedUnflagged)} rescued</span></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A bar with the interval drawn into it, and the numbers. */
function rate(right: number, total: number): TemplateResult | string {
  if (total === 0) return '–';
  const [low, high] = wilsonInterval(right, total);
  const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
  return html`<span class="rate">
    <span class="bar" aria-hidden="true">
      <span class="value" style="width: ${percent(right / total)}"></span>
      <span class="interval" style="left: ${percent(low)}; width: ${percent(high - low)}"></span>
    </span>
    <b>${formatPercent(right / total, 0)}</b> <span class="quiet">${formatPercent(low, 0)} – ${formatPercent(high, 0)}</span>
  </span>`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
