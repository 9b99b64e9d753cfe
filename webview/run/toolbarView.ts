/** What is set for all charts at once: the horizontal axis, smoothing, zoom, other runs laid over this one. */
import { html, nothing, type TemplateResult } from 'lit';
import { cssColor, type XAxis } from '../charts/curve.ts';
import { checkBox } from '../ui/controls.ts';
import { formatCompact } from '../ui/format.ts';
import { looksOf } from './catalog.ts';
import type { DashboardController } from './controller.ts';
import { runOrder, type DashboardState } from './state.ts';

const axes: readonly { readonly id: XAxis; readonly name: string; readonly title: string }[] = [
  { id: 'step', name: 'Step', title: 'Training steps' },
  { id: 'tokens', name: 'Tokens', title: 'Tokens sampled so far: what compares runs with different numbers of rollouts' },
  { id: 'minutes', name: 'Minutes', title: 'Minutes of training so far, evaluations not counted' },
];

const maxSmoothing = 0.98;

export function toolbarView(state: DashboardState, controller: DashboardController): TemplateResult {
  const { range, smoothing } = state.look;
  const onSmooth = (event: Event): void => controller.smooth(Number((event.target as HTMLInputElement).value));
  return html`<div class="toolbar" role="toolbar" aria-label="Charts">
    <fieldset class="axes">
      <legend>X axis</legend>
      ${axes.map(
        ({ id, name, title }) =>
          html`<label title=${title}>
            <input id="axis-${id}" type="radio" name="axis" .checked=${state.xAxis === id} @change=${() => controller.chooseAxis(id)} /><span
              >${name}</span
            >
          </label>`,
      )}
    </fieldset>
    <label class="smoothing" title="Weight of the moving average; the values behind it stay visible, faint">
      Smoothing
      <input id="smoothing" type="range" min="0" max=${maxSmoothing} step="0.02" .value=${String(smoothing)} @input=${onSmooth} />
      <output for="smoothing">${smoothing === 0 ? 'off' : smoothing.toFixed(2)}</output>
    </label>
    ${overlayChoice(state, controller)}
    <span class="zoom">
      ${
        range === null
          ? html`<span class="quiet">Drag over a chart to zoom, double-click for all.</span>`
          : html`<span class="quiet">${formatCompact(range[0])} – ${formatCompact(range[1])}</span>
              <button id="reset-zoom" class="link" @click=${() => controller.zoom(null)}>Show all</button>`
      }
    </span>
  </div>`;
}

function overlayChoice({ runs, view }: DashboardState, controller: DashboardController): TemplateResult | typeof nothing {
  const others = (runs ?? []).filter(({ id }) => id !== view?.runId);
  if (others.length === 0 || view === null) return nothing;
  const { overlays } = view;
  const looks = looksOf(overlays, runOrder({ runs, view }));
  return html`<details class="overlays" @focusout=${closeWhenLeft} @keydown=${closeOnEscape}>
    <summary id="overlays">Compare with${overlays.length === 0 ? '…' : ` (${overlays.length})`}</summary>
    <div class="menu" tabindex="-1">
      ${others.map(({ id, name, algorithm, isHumanTouched }) => {
        const look = looks.get(id);
        const swatch = look === undefined ? '' : `border-color: ${cssColor(look.color)}`;
        return checkBox({
          id: `overlay-${id}`,
          words: html`<span class="swatch dashed" style=${swatch}></span><span class="name" dir="auto">${name}</span>
            <span class="quiet">${algorithm}${isHumanTouched ? ', human-touched' : ''}</span>`,
          isChecked: look !== undefined,
          onChange: () => controller.toggleOverlay(id),
        });
      })}
    </div>
  </details>`;
}

/** A menu is closed by what is done elsewhere. */
function closeWhenLeft({ currentTarget, relatedTarget }: FocusEvent): void {
  const menu = currentTarget as HTMLDetailsElement;
  if (!(relatedTarget instanceof Node && menu.contains(relatedTarget))) menu.open = false;
}

function closeOnEscape(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLDetailsElement;
  if (event.key !== 'Escape' || !menu.open) return;
  event.stopPropagation();
  menu.open = false;
  menu.querySelector('summary')?.focus();
}
