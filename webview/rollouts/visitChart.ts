/** Two small pictures of a problem's visits: answers by verdict as bars, and the share of right ones with its interval. The table below has the numbers. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { ProblemVisit } from '../../backend/protocol/views.ts';
import { rateOf } from './visits.ts';

const width = 640;
const left = 42;
const barsHeight = 56;
const curveHeight = 96;
const gap = 14;
const bottom = 18;
const height = barsHeight + gap + curveHeight + bottom;

export function visitChart(visits: readonly ProblemVisit[], onVisit: (groupId: string) => void): TemplateResult | typeof nothing {
  if (visits.length === 0) return nothing;
  const slot = (width - left) / visits.length;
  const x = (i: number): number => left + (i + 0.5) * slot;
  const most = Math.max(...visits.map(({ right, wrong, failed }) => right + wrong + failed), 1);
  const barWidth = Math.max(1, Math.min(22, slot * 0.7));
  const y = (rate: number): number => barsHeight + gap + (1 - rate) * curveHeight;
  const rates = visits.map(rateOf);
  const known = rates.flatMap(({ rate, interval }, i) => (rate === null ? [] : [{ x: x(i), rate, interval }]));
  const everyLabel = Math.ceil(visits.length / 12);

  return html`<svg
    class="visit-chart"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Answers by verdict and share of right answers at each visit; the table below has the numbers."
  >
    ${visits.map((visit, i) => barOf(visit, x(i) - barWidth / 2, barWidth, barsHeight / most, onVisit))}
    <text class="axis" x=${left - 6} y="10" text-anchor="end">${most}</text>
    <text class="axis" x=${left - 6} y=${barsHeight} text-anchor="end">0</text>
    ${[0, 0.5, 1].map(
      (rate) => svg`<line class="grid" x1=${left} x2=${width} y1=${y(rate)} y2=${y(rate)} />
        <text class="axis" x=${left - 6} y=${y(rate) + 4} text-anchor="end">${rate * 100} %</text>`,
    )}
    <path class="interval" d=${bandPath(known.map(({ x: at, interval }) => ({ x: at, low: y(interval[0]), high: y(interval[1]) })))} />
    <polyline class="rate" points=${known.map(({ x: at, rate }) => `${at},${y(rate)}`).join(' ')} />
    ${known.map(({ x: at, rate, interval }) => svg`<line class="whisker" x1=${at} x2=${at} y1=${y(interval[0])} y2=${y(interval[1])} /><circle class="rate-point" cx=${at} cy=${y(rate)} r="2.5" />`)}
    ${visits.map(({ step }, i) => (i % everyLabel === 0 ? svg`<text class="axis" x=${x(i)} y=${height - 4} text-anchor="middle">${step}</text>` : nothing))}
  </svg>`;
}

function barOf(visit: ProblemVisit, at: number, barWidth: number, unit: number, onVisit: (groupId: string) => void): TemplateResult {
  const { step, right, wrong, failed, groupId } = visit;
  const parts = [
    ['right', right],
    ['failed', failed],
    ['wrong', wrong],
  ] as const;
  let top = barsHeight;
  return svg`<g class="visit" @click=${() => onVisit(groupId)}>
    <title>Step ${step}: ${right} right, ${wrong} wrong${failed > 0 ? `, ${failed} not judged` : ''}</title>
    ${parts.map(([kind, count]) => {
      top -= count * unit;
      return count === 0 ? nothing : svg`<rect class=${kind} x=${at} y=${top} width=${barWidth} height=${count * unit} />`;
    })}
  </g>`;
}

function bandPath(points: readonly { readonly x: number; readonly low: number; readonly high: number }[]): string {
  if (points.length < 2) return '';
  const up = points.map(({ x, high }) => `${x},${high}`);
  const down = points.toReversed().map(({ x, low }) => `${x},${low}`);
  return `M${[...up, ...down].join('L')}Z`;
}
