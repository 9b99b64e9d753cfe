import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressParts, parseAddress, type DocumentAddress } from '../../../extension/critiques/documentAddress.ts';

describe('document addresses', () => {
  it('lead back to what they were made of, whatever the ids are', () => {
    const id = fc.string({ minLength: 1, unit: 'grapheme' });
    const part = fc.constantFrom('failure', 'answer', 'refinement', 'critique', 'draft');
    fc.assert(
      fc.property(id, id, id, part, (runId, rolloutId, other, name) => {
        const more = name === 'refinement' ? { refinementId: other } : name === 'critique' ? { critiqueId: other } : {};
        const address = { part: name, runId, rolloutId, ...more } as DocumentAddress;
        expect(parseAddress(addressParts(address, 'x').query)).toEqual(address);
      }),
    );
  });

  it('have titles that are no folders and hide nothing', () => {
    const { path } = addressParts({ part: 'failure', runId: 'a', rolloutId: 'b' }, '../../etc/passwd\u202e');
    expect(path).toBe('/..∕..∕etc∕passwd⟨U+202E⟩.rollout');
  });

  it.each(['', 'run=a', 'run=a&rollout=b&part=other', 'run=a&rollout=b&part=refinement', 'run=&rollout=b&part=failure'])(
    'are none of ours: %j',
    (query) => {
      expect(parseAddress(query)).toBeNull();
    },
  );
});
