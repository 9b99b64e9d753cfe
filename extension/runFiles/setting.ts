/** Changes one setting in the text of a run file; everything else in it, comments too, stays as it is. */
import { applyEdits, modify } from 'jsonc-parser';

export function withSetting(text: string, path: readonly (string | number)[], value: unknown): string {
  return applyEdits(text, modify(text, [...path], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } }));
}
