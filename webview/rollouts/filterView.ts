/** The filter bar: fields, chips of what is set, one button that clears all. */
import { html, nothing, type TemplateResult } from 'lit';
import type { GroupKind } from '../../backend/protocol/records.ts';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import type { ExplorerController } from './controller.ts';
import { chipsOf, stepFrom, withPart, type FilterKey } from './filter.ts';
import type { ExplorerState } from './state.ts';
import { dropdown, textField, type Choice } from '../ui/controls.ts';
import { auditFlagWords, causeWords, critiqueKindWords, statusWords } from '../ui/words.ts';
import { groupNamesOf } from './filteredGroups.ts';

export const searchId = 'filter-text';

export function filterView(
  { filter, levels, filteredSteps }: Pick<ExplorerState, 'filter' | 'levels' | 'filteredSteps'>,
  controller: ExplorerController,
): TemplateResult {
  const set = <K extends FilterKey>(key: K, value: RolloutFilter[K] | undefined): void => controller.setFilter(withPart(filter, key, value));
  const setSoon = <K extends FilterKey>(key: K, value: RolloutFilter[K] | undefined): void =>
    controller.changeFilterSoon((newest) => withPart(newest, key, value));
  const knownLevels = filter.level === undefined || levels.includes(filter.level) ? levels : [...levels, filter.level];
  const groupNames = groupNamesOf(filteredSteps.size > 0);
  return html`<search class="filters">
    ${textField({
      id: searchId,
      label: 'Search answers and critiques',
      value: filter.text ?? '',
      placeholder: 'words, "a phrase", prefix*    ( / )',
      className: 'search-field',
      icon: 'search',
      onInput: (text) => setSoon('text', text),
      onChange: (text) => set('text', text),
    })}
    ${choice('level', 'Level', filter.level, Object.fromEntries(knownLevels.map((level) => [level, level])), (value) => set('level', value))}
    ${choice('status', 'Verdict', filter.status, namesOf(statusWords), (value) => set('status', value))}
    ${choice('cause', 'Cause', filter.cause, causeWords, (value) => set('cause', value))}
    ${choice('critiqueKind', 'Critique', filter.critiqueKind, critiqueKindWords, (value) => set('critiqueKind', value))}
    ${choice('groupKind', 'Group', filter.groupKind, groupNames, (value) => set('groupKind', value))}
    ${choice('flag', 'Audit', filter.flag, namesOf(auditFlagWords), (value) => set('flag', value))}
    ${stepField('fromStep', 'From step', 'first', filter, setSoon)} ${stepField('toStep', 'To step', 'last', filter, setSoon)}
    ${textField({
      id: 'filter-problemId',
      label: 'Problem',
      value: filter.problemId ?? '',
      placeholder: 'id',
      onChange: (text) => set('problemId', text.trim()),
    })}
    ${chipsView(filter, groupNames, controller)}
  </search>`;
}

function chipsView(
  filter: RolloutFilter,
  groupNames: Readonly<Record<GroupKind, string>>,
  controller: ExplorerController,
): TemplateResult | typeof nothing {
  const chips = chipsOf(filter, groupNames);
  if (chips.length === 0) return nothing;
  return html`<div class="chips" role="group" aria-label="Filters in force">
    ${chips.map(
      ({ key, label }) =>
        html`<button id="chip-${key}" class="chip" title="Remove: ${label}" @click=${() => controller.setFilter(withPart(filter, key, undefined))}>
          <span class="chip-label" dir="auto">${label}</span><span class="codicon codicon-close" aria-hidden="true"></span>
        </button>`,
    )}
    <button id="clear-filters" class="link" @click=${() => controller.setFilter({})}>Clear all</button>
  </div>`;
}

/** An empty id stands for every value. */
function choice<T extends string>(
  key: FilterKey,
  label: string,
  chosen: T | undefined,
  names: Readonly<Record<T, string>>,
  onChoice: (value: T | undefined) => void,
): TemplateResult {
  const choices = (Object.keys(names) as T[]).map((id): Choice<T | ''> => ({ id, title: names[id] }));
  return dropdown<T | ''>({
    id: `filter-${key}`,
    label,
    choices: [{ id: '', title: 'any' }, ...choices],
    chosen: chosen ?? '',
    onChoose: (id) => onChoice(id === '' ? undefined : id),
  });
}

function stepField(
  key: 'fromStep' | 'toStep',
  label: string,
  placeholder: string,
  filter: RolloutFilter,
  onStep: (key: 'fromStep' | 'toStep', value: number | undefined) => void,
): TemplateResult {
  return textField({
    id: `filter-${key}`,
    label,
    value: filter[key]?.toString() ?? '',
    placeholder,
    onInput: (text) => onStep(key, stepFrom(text)),
  });
}

function namesOf<T extends string>(words: Readonly<Record<T, { readonly name: string }>>): Readonly<Record<T, string>> {
  return Object.fromEntries((Object.keys(words) as T[]).map((key) => [key, words[key].name])) as Record<T, string>;
}
