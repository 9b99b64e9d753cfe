/**
 * Groups that dynamic sampling left out: sampled and kept, but another problem was drawn in their place. Nothing in a group says so; the step's count
 * of them and what its answers came to do.
 */
import type { Group, GroupKind } from '../../backend/protocol/records.ts';
import type { Series } from '../../backend/protocol/views.ts';
import { groupKindWords } from '../ui/words.ts';

/** Column of `run/series`: groups of a step that were left out. */
export const filteredColumn = 'metrics.groupsFiltered';

/** Steps that left groups out. */
export function filteredStepsOf({ steps, values }: Series): readonly number[] {
  const counts = values[filteredColumn] ?? [];
  return steps.filter((_, i) => (counts[i] ?? 0) > 0);
}

/** Of a row, whose group's advantages are not at hand: a group of one verdict has none. */
export function isFilteredKind(kind: GroupKind | null, step: number, filteredSteps: ReadonlySet<number>): boolean {
  return filteredSteps.has(step) && (kind === 'allRight' || kind === 'allWrong');
}

export function isFiltered({ kind, step, zeroSignal }: Pick<Group, 'kind' | 'step' | 'zeroSignal'>, filteredSteps: ReadonlySet<number>): boolean {
  return filteredSteps.has(step) && (zeroSignal || isFilteredKind(kind, step, filteredSteps));
}

/** What a kind of group is called, and what it means that a group is of it. */
export function groupWords(kind: GroupKind, isLeftOut: boolean): { readonly name: string; readonly meaning: string } {
  const { name, meaning } = groupKindWords[kind];
  if (!isLeftOut) return { name, meaning };
  return { name: `filtered: ${name}`, meaning: `${meaning} Dynamic sampling left it out of the update and drew another problem in its place.` };
}

/** Names of the kinds to filter by. */
export function groupNamesOf(hasFiltered: boolean): Readonly<Record<GroupKind, string>> {
  const name = (kind: GroupKind): string => groupWords(kind, hasFiltered && (kind === 'allRight' || kind === 'allWrong')).name;
  return { allRight: name('allRight'), mixed: name('mixed'), allWrong: name('allWrong'), rescued: name('rescued') };
}
