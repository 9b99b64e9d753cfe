/** The state of a run or an experiment: a word with a dot that breathes while there is work. */
import { html, type TemplateResult } from 'lit';
import { badge } from './controls.ts';

export type StateTone = 'busy' | 'good' | 'bad' | 'still';

export function stateBadge(id: string, word: string, tone: StateTone): TemplateResult {
  return badge(html`<span class="dot" aria-hidden="true"></span>${word}`, { id, tone: `state ${tone}` });
}
