/** Detokenizer: the pieces join to the whole text, and no piece holds half a character. */
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { Detokenizer } from '../../../backend/text/detokenizer.ts';
import type { Tokenizer } from '../../../backend/text/tokenizer.ts';
import { byteFallbackFiles, byteLevelFiles, tinyTokenizer } from './tinyTokenizers.ts';

let byteLevel: Tokenizer;
let byteFallback: Tokenizer;
beforeAll(async () => {
  byteLevel = await tinyTokenizer(byteLevelFiles);
  byteFallback = await tinyTokenizer(byteFallbackFiles);
});

function pieces(tokenizer: Tokenizer, ids: readonly number[]): string[] {
  const detokenizer = new Detokenizer(tokenizer);
  return [...ids.map((id) => detokenizer.push(id)), detokenizer.flush()];
}

it('holds back the bytes of a character until it is whole', () => {
  const ids = byteLevel.encode('hello 🚀!');
  expect(pieces(byteLevel, ids)).toEqual(['hello', ' ', '', '', '🚀', '!', '']);
});

it('gives any text of either kind of tokenizer back whole', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.oneof(fc.constantFrom(...'ab €🚀é'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), maxLength: 30 }),
      (text) => {
        for (const tokenizer of [byteLevel, byteFallback]) {
          const ids = tokenizer.encodeText(text);
          expect(pieces(tokenizer, ids).join('')).toBe(tokenizer.decode(ids));
        }
      },
    ),
  );
});

it('gives any bytes back as a whole decode does, with special tokens left out', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(255), fc.constantFrom(263, 300, 12_345)), { maxLength: 60 }), (ids) => {
      expect(pieces(byteLevel, ids).join('')).toBe(byteLevel.decode(ids, { skipSpecial: true }));
    }),
  );
});

it('gives out bytes that never become a character, and flushes a genuine replacement character', () => {
  const continuationByte = byteLevel.encode('é')[1] as number;
  const parts = pieces(
    byteLevel,
    Array.from({ length: 40 }, () => continuationByte),
  );
  expect(parts.join('')).toBe('\uFFFD'.repeat(40));
  expect(parts.slice(0, 10).join('')).not.toBe('');
  expect(pieces(byteLevel, byteLevel.encode('\uFFFD')).at(-1)).toBe('\uFFFD');
});

it('has a cost that grows with the number of tokens only', () => {
  let decoded = 0;
  const counting = {
    decode: (ids: ArrayLike<number>, options?: { readonly skipSpecial?: boolean }) => ((decoded += ids.length), byteLevel.decode(ids, options)),
  };
  for (const token of [byteLevel.encode('a')[0] as number, byteLevel.encode('é')[1] as number, 300]) {
    decoded = 0;
    const detokenizer = new Detokenizer(counting);
    for (let i = 0; i < 5000; i++) detokenizer.push(token);
    expect(decoded).toBeLessThan(5000 * 40);
  }
});
