/** A failed answer against its refinement, word by word. */
import { html, type TemplateResult } from 'lit';
import type { Refinement } from '../../backend/protocol/records.ts';
import { visibleText } from './visibleText.ts';
import { diffSummary, diffTexts, type TextDiff } from './wordDiff.ts';

const diffs = new WeakMap<Refinement, TextDiff>();

export function diffView(before: string, refinement: Refinement): TemplateResult {
  const diff = diffs.get(refinement) ?? diffTexts(before, refinement.completion);
  diffs.set(refinement, diff);
  return html`<div class="diff" role="group" aria-label="Changes from the failed answer: ${diffSummary(diff)}">
    <pre class="text-block" dir="auto">
${diff.parts.map((part) => {
        const text = visibleText(part.text);
        switch (part.kind) {
          case 'same':
            return text;
          case 'added':
            return html`<ins>${text}</ins>`;
          case 'removed':
            return html`<del>${text}</del>`;
        }
      })}</pre>
    <p class="quiet">${diffSummary(diff)}</p>
  </div>`;
}
