/** The states that every part of the pages can be in: on its way, refused, cut off from the backend. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ConnectionView } from '../../extension/contract.ts';
import type { ErrorData } from '../../backend/protocol/methods.ts';
import { button, progressRing } from './controls.ts';
import { valueOf, type Loadable } from './loadable.ts';

export function loadingView(what: string): TemplateResult {
  return html`<div class="loading" role="status">${progressRing()}<span>${what}…</span></div>`;
}

export function failureView(what: string, { message, remedy }: ErrorData, retry?: () => void): TemplateResult {
  return html`<div class="failure" role="alert">
    <strong>${what}.</strong> <span dir="auto">${message}</span> ${remedy === null ? nothing : html`<span dir="auto">${remedy}</span>`}
    ${retry === undefined ? nothing : button({ words: 'Try again', onClick: retry })}
  </div>`;
}

export function connectionBar({ state, detail }: ConnectionView): TemplateResult | typeof nothing {
  if (state === 'connected') return nothing;
  const words = state === 'connecting' ? 'Connecting to the backend…' : 'The connection to the backend is lost. What is shown is the last known.';
  return html`<div id="connection" class="connection ${state}" role="status">${words} <span dir="auto">${detail}</span></div>`;
}

/** A loadable by its state; a value from before stays on the page while it is read again or after that failed. */
export function loadableView<T>(
  loadable: Loadable<T>,
  what: string,
  retry: () => void,
  view: (value: T) => TemplateResult | typeof nothing,
): TemplateResult {
  const value = valueOf(loadable);
  return html`${loadable.state === 'failed' ? failureView(`${what} could not be read`, loadable.error, retry) : nothing}
  ${value !== null ? view(value) : loadable.state === 'failed' ? nothing : loadingView(`Reading ${what.toLowerCase()}`)}`;
}
