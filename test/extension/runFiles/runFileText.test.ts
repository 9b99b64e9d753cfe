/** A new run file is one that the backend takes as it is. */
import { parse, type ParseError } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { runFileText } from '../../../extension/runFiles/runFileText.ts';

describe.each(['demonstration', 'own'] as const)('a new run file (%s)', (kind) => {
  it('is valid, with comments', () => {
    const text = runFileText(kind, 'my "run"');
    const errors: ParseError[] = [];
    const value: unknown = parse(text, errors);
    expect(errors).toEqual([]);
    expect(runConfigSchema.parse(value).name).toBe('my "run"');
    expect(text.match(/^ *\/\/ /gm)?.length).toBeGreaterThan(8);
  });
});
