import { describe, expect, it } from 'vitest';
import { differingSettings } from '../../../backend/cli/session.ts';

describe('what differs between two configurations', () => {
  it.each([
    [{ a: 1, b: { c: [1, 2] } }, { a: 1, b: { c: [1, 2] } }, []],
    [{ seed: 0, training: { steps: 160 } }, { seed: 4, training: { steps: 80 } }, ['seed (0, not 4)', 'training.steps (160, not 80)']],
    [{ model: { lora: null } }, { model: { lora: { rank: 4 } } }, ['model.lora (null, not {"rank":4})']],
    [{ switches: {} }, { switches: { trigger: 'always' }, name: 'x' }, ['switches.trigger (unset, not "always")', 'name (unset, not "x")']],
    [{ a: [1, 2] }, { a: [1, 3] }, ['a ([1,2], not [1,3])']],
  ])('%j and %j', (own, given, expected) => {
    expect(differingSettings(own, given)).toEqual(expected);
  });
});
