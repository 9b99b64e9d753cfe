/** The filter of the list: changed one part at a time, shown as chips, compared and written down without empty parts. */
import type { GroupKind } from '../../backend/protocol/records.ts';
import type { RolloutFilter } from '../../backend/protocol/views.ts';
import { auditFlagWords, causeWords, critiqueKindWords, filterWords, statusWords } from '../ui/words.ts';

export type FilterKey = keyof RolloutFilter;

export const filterKeys = Object.keys(filterWords) as readonly FilterKey[];

/** The filter with one part set, or without it: undefined, empty and blank values remove it. */
export function withPart<K extends FilterKey>(filter: RolloutFilter, key: K, value: RolloutFilter[K] | undefined): RolloutFilter {
  const { [key]: _, ...others } = filter;
  const isEmpty = value === undefined || (typeof value === 'string' && value.trim() === '');
  return isEmpty ? others : { ...others, [key]: value };
}

/** The whole number typed into a step field; undefined for anything else, so that half a number filters nothing. */
export function stepFrom(text: string): number | undefined {
  return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

export function isSameFilter(a: RolloutFilter, b: RolloutFilter): boolean {
  return filterKeys.every((key) => a[key] === b[key]);
}

export function isEmptyFilter(filter: RolloutFilter): boolean {
  return isSameFilter(filter, {});
}

export interface FilterChip {
  readonly key: FilterKey;
  readonly label: string;
}

/** One chip a part, in the order of the filter bar. */
export function chipsOf(filter: RolloutFilter, groupNames: Readonly<Record<GroupKind, string>>): readonly FilterChip[] {
  return filterKeys.flatMap((key) => {
    const words = valueWords(filter, key, groupNames);
    return words === undefined ? [] : [{ key, label: `${filterWords[key]}: ${words}` }];
  });
}

function valueWords(filter: RolloutFilter, key: FilterKey, groupNames: Readonly<Record<GroupKind, string>>): string | undefined {
  switch (key) {
    case 'status':
      return filter.status && statusWords[filter.status].name;
    case 'cause':
      return filter.cause && causeWords[filter.cause];
    case 'critiqueKind':
      return filter.critiqueKind && critiqueKindWords[filter.critiqueKind];
    case 'flag':
      return filter.flag && auditFlagWords[filter.flag].name;
    case 'groupKind':
      return filter.groupKind && groupNames[filter.groupKind];
    default:
      return filter[key]?.toString();
  }
}
