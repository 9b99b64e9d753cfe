/** A new run file is one that the backend takes as it is. */
import { parse, type ParseError } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { runConfigSchema } from '../../../backend/protocol/runConfig.ts';
import { presetViews } from '../../../backend/training/plan.ts';
import { ownSettings, runFileText, withSettings, type Settings } from '../../../extension/runFiles/runFileText.ts';

const presets = presetViews().map(({ name, isComplete, config }) => {
  return [name, isComplete ? (config as Settings) : withSettings(ownSettings, config as Settings)] as const;
});

describe.each([['own', ownSettings] as const, ...presets])('a new run file (%s)', (_, settings) => {
  const text = runFileText('my "run"', settings);
  const errors: ParseError[] = [];
  const value = parse(text, errors) as Record<string, unknown>;

  it('is valid and says what its settings say, with comments', () => {
    expect(errors).toEqual([]);
    expect(value).toEqual({ name: 'my "run"', seed: 0, ...settings });
    expect(runConfigSchema.parse(value).name).toBe('my "run"');
    expect(text.match(/^ *\/\/ /gm)?.length).toBeGreaterThan(8);
  });
});

describe('withSettings', () => {
  it('replaces single settings of a group and keeps the others', () => {
    const merged = withSettings(ownSettings, { sampling: { maxTokens: 6144 }, critic: 'self' });
    expect(merged['sampling']).toEqual({ temperature: 1, maxTokens: 6144 });
    expect(merged['critic']).toBe('self');
    expect(merged['data']).toEqual(ownSettings['data']);
  });
});
