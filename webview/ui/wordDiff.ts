/** The words that a refinement changed. */
import { diffLines, diffWordsWithSpace, type ChangeObject } from 'diff';
import { counted } from './words.ts';

export interface DiffPart {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

export interface TextDiff {
  /** `lines` where words took too long, `whole` where lines did as well: all of one, then all of the other. */
  readonly unit: 'words' | 'lines' | 'whole';
  readonly parts: readonly DiffPart[];
}

/** Long enough for any answer of some thousand words; two unrelated texts of 30,000 would take minutes. */
const timeoutMs = 200;

export function diffTexts(before: string, after: string, timeout = timeoutMs): TextDiff {
  const words = timeout > 0 ? partsOf(diffWordsWithSpace(before, after, { timeout })) : undefined;
  if (words !== undefined) return { unit: 'words', parts: words };
  const lines = timeout > 0 ? partsOf(diffLines(before, after, { timeout })) : undefined;
  if (lines !== undefined) return { unit: 'lines', parts: lines };
  const whole: DiffPart[] = [
    { kind: 'removed', text: before },
    { kind: 'added', text: after },
  ];
  return { unit: 'whole', parts: whole.filter(({ text }) => text !== '') };
}

/** How much changed, for a summary and for readers who do not see colors. */
export function diffSummary({ unit, parts }: TextDiff): string {
  const count = (kind: DiffPart['kind']): number =>
    parts.filter((part) => part.kind === kind).reduce((total, { text }) => total + wordCount(text), 0);
  const changed = `${counted(count('removed'), 'word')} removed, ${count('added').toLocaleString('en-US')} added`;
  return unit === 'words' ? changed : `${changed}; compared by ${unit === 'lines' ? 'lines' : 'whole texts'}, words would take too long`;
}

function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

function partsOf(changes: readonly ChangeObject<string>[] | undefined): DiffPart[] | undefined {
  return changes?.map(({ value, added, removed }) => ({ kind: added ? 'added' : removed ? 'removed' : 'same', text: value }));
}
