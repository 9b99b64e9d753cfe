/** The filter bar: fields, chips of what is set, one button that clears all. */
import { html, nothing, type TemplateResult } from 'lit';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import type { ExplorerController } from './controller.ts';
import { chipsOf, stepFrom, withPart, type FilterKey } from './filter.ts';
import type { ExplorerState } from './state.ts';
import { auditFlagWords, causeWords, critiqueKindWords, groupKindWords, statusWords } from '../ui/words.ts';

export const searchId = 'filter-text';

export function filterView({ filter, levels }: ExplorerState, controller: ExplorerController): TemplateResult {
  const set = <K extends FilterKey>(key: K, value: RolloutFilter[K] | undefined): void => controller.setFilter(withPart(filter, key, value));
  const setSoon = <K extends FilterKey>(key: K, value: RolloutFilter[K] | undefined): void =>
    controller.changeFilterSoon((newest) => withPart(newest, key, value));
  const knownLevels = filter.level === undefined || levels.includes(filter.level) ? levels : [...levels, filter.level];
  return html`<search class="filters">
    <label class="search-field">
      <span class="label">Search answers and critiques</span>
      <input
        id=${searchId}
        class="field"
        type="search"
        dir="auto"
        placeholder='words, "a phrase", prefix*    ( / )'
        .value=${filter.text ?? ''}
        @input=${(event: Event) => setSoon('text', valueOf(event))}
        @change=${(event: Event) => set('text', valueOf(event))}
      />
    </label>
    ${choice('level', 'Level', filter.level, Object.fromEntries(knownLevels.map((level) => [level, level])), (value) => set('level', value))}
    ${choice('status', 'Verdict', filter.status, namesOf(statusWords), (value) => set('status', value))}
    ${choice('cause', 'Cause', filter.cause, causeWords, (value) => set('cause', value))}
    ${choice('critiqueKind', 'Critique', filter.critiqueKind, critiqueKindWords, (value) => set('critiqueKind', value))}
    ${choice('groupKind', 'Group', filter.groupKind, namesOf(groupKindWords), (value) => set('groupKind', value))}
    ${choice('flag', 'Audit', filter.flag, namesOf(auditFlagWords), (value) => set('flag', value))}
    <fieldset class="steps">
      <legend class="label">Steps</legend>
      ${stepField('fromStep', 'From step', 'first', filter, setSoon)}<span aria-hidden="true">–</span
      >${stepField('toStep', 'To step', 'last', filter, setSoon)}
    </fieldset>
    <label>
      <span class="label">Problem</span>
      <input
        id="filter-problemId"
        class="field problem-field"
        type="text"
        dir="auto"
        placeholder="id"
        .value=${filter.problemId ?? ''}
        @change=${(event: Event) => set('problemId', valueOf(event).trim())}
      />
    </label>
    ${chipsView(filter, controller)}
  </search>`;
}

function chipsView(filter: RolloutFilter, controller: ExplorerController): TemplateResult | typeof nothing {
  const chips = chipsOf(filter);
  if (chips.length === 0) return nothing;
  return html`<div class="chips" role="group" aria-label="Filters in force">
    ${chips.map(
      ({ key, label }) =>
        html`<button id="chip-${key}" class="chip" title="Remove: ${label}" @click=${() => controller.setFilter(withPart(filter, key, undefined))}>
          <span class="chip-label" dir="auto">${label}</span><span aria-hidden="true">✕</span>
        </button>`,
    )}
    <button id="clear-filters" class="link" @click=${() => controller.setFilter({})}>Clear all</button>
  </div>`;
}

function choice<T extends string>(
  key: FilterKey,
  label: string,
  chosen: T | undefined,
  names: Readonly<Record<T, string>>,
  onChoice: (value: T | undefined) => void,
): TemplateResult {
  const values = Object.keys(names) as T[];
  return html`<label>
    <span class="label">${label}</span>
    <select id="filter-${key}" class="field" @change=${(event: Event) => onChoice(values.find((value) => value === valueOf(event)))}>
      <option value="" ?selected=${chosen === undefined}>any</option>
      ${values.map((value) => html`<option value=${value} ?selected=${value === chosen}>${names[value]}</option>`)}
    </select>
  </label>`;
}

function stepField(
  key: 'fromStep' | 'toStep',
  label: string,
  placeholder: string,
  filter: RolloutFilter,
  onStep: (key: 'fromStep' | 'toStep', value: number | undefined) => void,
): TemplateResult {
  return html`<input
    id="filter-${key}"
    class="field step-field"
    type="text"
    inputmode="numeric"
    aria-label=${label}
    placeholder=${placeholder}
    .value=${filter[key]?.toString() ?? ''}
    @input=${(event: Event) => onStep(key, stepFrom(valueOf(event)))}
  />`;
}

function namesOf<T extends string>(words: Readonly<Record<T, { readonly name: string }>>): Readonly<Record<T, string>> {
  return Object.fromEntries((Object.keys(words) as T[]).map((key) => [key, words[key].name])) as Record<T, string>;
}

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement | HTMLSelectElement).value;
}
