/** Verdicts as colored words with a sign: green and red are never the only difference. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Verdict } from '../../backend/protocol/records.ts';
import { causeWords, statusWords, type Status } from './words.ts';

export function statusChip(status: Status | null): TemplateResult {
  if (status === null) return html`<span class="status none" title="No verdict yet">… pending</span>`;
  const { name, sign, meaning } = statusWords[status];
  return html`<span class="status ${status}" title=${meaning}><span aria-hidden="true">${sign}</span> ${name}</span>`;
}

/** Why an answer is no success, where that is known. */
export function causeView(verdict: Verdict | null): TemplateResult | typeof nothing {
  const cause = verdict?.cause ?? null;
  return cause === null ? nothing : html`<span class="cause">${causeWords[cause]}</span>`;
}
