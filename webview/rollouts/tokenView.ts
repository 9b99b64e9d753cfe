/** The token page: what to color by, what the colors mean, the tokens, and what they come to. */
import { html, nothing, type TemplateResult } from 'lit';
import type { TokenDetail } from '../../backend/protocol/views.ts';
import type { ExplorerController } from './controller.ts';
import { button } from '../ui/controls.ts';
import { loadableView } from '../ui/partsView.ts';
import type { Detail } from './detail.ts';
import { colorSteps, measures, tokenModes, tokenScales, whyEmpty, type TokenMode } from './tokenMeasures.ts';
import { totalsLine } from './tokenTotals.ts';

type TokensDetail = Extract<Detail, { page: 'tokens' }>;

export function tokenView(page: TokensDetail, controller: ExplorerController): TemplateResult {
  const { mode, groupId, rolloutId } = page;
  return html`
    <header class="page-head">
      <h2>Tokens <span class="ellipsis quiet" dir="auto" title=${rolloutId}>${rolloutId}</span></h2>
      ${button({ id: 'back-to-group', words: 'Back to the group', onClick: () => controller.open({ page: 'group', groupId }) })}
    </header>
    <fieldset class="modes">
      <legend class="label">Color by</legend>
      ${tokenModes.map(
        (choice) =>
          html`<label title=${tokenScales[choice].meaning}>
            <input
              type="radio"
              name="token-mode"
              id="token-mode-${choice}"
              value=${choice}
              .checked=${choice === mode}
              @change=${() => controller.chooseTokenMode(choice)}
            />${tokenScales[choice].name}
          </label>`,
      )}
    </fieldset>
    ${loadableView(
      page.data,
      'Tokens',
      () => controller.loadDetail(),
      (detail) => pictureView(page, detail, controller),
    )}
  `;
}

function pictureView({ mode, current, data }: TokensDetail, detail: TokenDetail, controller: ExplorerController): TemplateResult {
  const reason = whyEmpty(detail, mode);
  const values = measures(detail, mode);
  const isAsking = data.state === 'loading' && mode === 'entropy';
  return html`
    ${legendView(mode)}
    <p class="totals" id="token-totals">
      <span>${totalsLine(values, mode)}</span>
      ${button({
        id: 'largest-token',
        words: current === null ? 'Jump to largest' : 'Next largest',
        isDisabled: !values.some((value) => value !== null && value !== 0),
        onClick: () => controller.reachLargestToken(),
      })}
    </p>
    ${reason === null ? nothing : html`<p class="notice" role="status">${isAsking ? 'Asking the policy for entropies…' : reason}</p>`}
    <token-text .onReach=${(at: number) => controller.reachToken(at)} .picture=${{ detail, mode, current }}></token-text>
  `;
}

function legendView(mode: TokenMode): TemplateResult {
  const { low, high, meaning, isDiverging } = tokenScales[mode];
  const steps = Array.from({ length: colorSteps }, (_, i) => i + 1);
  const swatch = (side: string, step: number): TemplateResult => html`<span class="token swatch ${side} step-${step}"></span>`;
  return html`<figure class="legend" id="token-legend">
    <div class="scale">
      <span>${low}</span>
      <span class="swatches" aria-hidden="true">
        ${isDiverging ? steps.toReversed().map((step) => swatch('negative', step)) : nothing}<span class="token swatch"></span>${steps.map((step) =>
          swatch(isDiverging ? 'positive' : 'sequential', step),
        )}
      </span>
      <span>${high}</span>
    </div>
    <figcaption class="quiet">${meaning}</figcaption>
  </figure>`;
}
