/** One setting changes, the rest of the text stays. */
import { parse } from 'jsonc-parser';
import { expect, it } from 'vitest';
import { withSetting } from '../../../extension/runFiles/setting.ts';

const text = '{\n  // why\n  "critic": "verdict", // here\n  "seed": 0\n}\n';

it.each([
  ['a setting that is there', ['critic'], 'self'],
  ['a setting in a group that is not there', ['criticOptions', 'promptFile'], './p.jinja'],
])('%s', (_, path, value) => {
  const changed = withSetting(text, path, value);
  expect(changed).toContain('// why');
  expect(changed).toContain('// here');
  const found = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], parse(changed));
  expect(found).toBe(value);
  expect((parse(changed) as { seed: number }).seed).toBe(0);
});
