/** A choice among few or many: a labelled list. */
import { html, type TemplateResult } from 'lit';
import { visibleText } from '../ui/visibleText.ts';

export interface Choice {
  readonly id: string;
  readonly title: string;
}

export function choiceView(id: string, label: string, choices: readonly Choice[], chosen: string, onChoose: (id: string) => void): TemplateResult {
  return html`<label class="choice">
    <span class="quiet">${label}</span>
    <select id=${id} class="field" @change=${(event: Event) => onChoose((event.target as HTMLSelectElement).value)}>
      ${choices.map((choice) => html`<option value=${choice.id} .selected=${choice.id === chosen}>${visibleText(choice.title)}</option>`)}
    </select>
  </label>`;
}
