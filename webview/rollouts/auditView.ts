/** What was noticed about a critique or refinement, and how a critique by a model came about. */
import { html, nothing, type TemplateResult } from 'lit';
import type { Audit, Critique, CritiqueCall } from '../../backend/protocol/records.ts';
import { formatCount } from '../ui/format.ts';
import { badge } from '../ui/controls.ts';
import { auditFlagWords, critiqueKindWords } from '../ui/words.ts';

/** Chips of the flags that the audit gave the text of that id. */
export function auditView(id: string, audits: readonly Audit[]): TemplateResult | typeof nothing {
  const flags = audits.filter((audit) => audit.id === id).flatMap((audit) => audit.flags);
  if (flags.length === 0) return nothing;
  return html`${flags.map((flag) => badge(auditFlagWords[flag].name, { title: auditFlagWords[flag].meaning, tone: 'warning' }))}`;
}

/** Under the first revision of a critique: later ones were not asked for from a model. */
export function callView({ rolloutId, revision }: Critique, calls: readonly CritiqueCall[]): TemplateResult | typeof nothing {
  const call = revision > 1 ? undefined : calls.find((candidate) => candidate.rolloutId === rolloutId);
  if (call === undefined) return nothing;
  const { model, attempts, promptTokens, completionTokens, cost, isCached, conclusion, disagreements, fallback, error } = call;
  const parts = [
    model ?? 'the policy',
    isCached ? 'kept from an earlier time' : formatCount(attempts, 'request'),
    `${promptTokens.toLocaleString('en-US')} + ${completionTokens.toLocaleString('en-US')} tokens`,
    ...(cost > 0 ? [`cost ${cost.toFixed(4)}`] : []),
    ...(conclusion === null ? [] : [`concluded "${conclusion}"`]),
    ...(disagreements > 0 ? [`${formatCount(disagreements, 'critique')} thrown away because they contradicted the verifier`] : []),
    ...(fallback === null ? [] : [`${critiqueKindWords[fallback]} stands in`]),
    ...(error === null ? [] : [error]),
  ];
  return html`<p class="quiet call" dir="auto">${parts.join(' · ')}</p>`;
}
