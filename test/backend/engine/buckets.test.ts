/** Shapes come in few sizes that hold what they are asked to hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lengthBucket, packMicroBatches, rowBucket } from '../../../backend/engine/local/buckets.ts';

it('takes the next bucket up, and few of them', () => {
  expect([1, 16, 17, 33, 49, 65, 97, 129, 193].map(lengthBucket)).toEqual([16, 16, 32, 48, 64, 96, 128, 192, 256]);
  expect([1, 2, 3, 4, 5, 7, 9, 13, 17].map(rowBucket)).toEqual([1, 2, 3, 4, 6, 8, 12, 16, 24]);
  for (let n = 1; n <= 5000; n++) {
    expect(lengthBucket(n)).toBeGreaterThanOrEqual(n);
    expect(rowBucket(n)).toBeGreaterThanOrEqual(n);
    expect(lengthBucket(n)).toBeLessThanOrEqual(Math.max(32, 1.5 * n));
    expect(rowBucket(n)).toBeLessThanOrEqual(1.5 * n);
  }
  expect(new Set(Array.from({ length: 4096 }, (_, n) => lengthBucket(n + 1))).size).toBeLessThan(20);
});

describe('packing', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 80 });

  it('puts every sequence in one micro-batch that holds it, within the limit', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 600, max: 1000 }), (all, maxTokens, maxLength) => {
        const batches = packMicroBatches(all, maxTokens, maxLength);
        expect(batches.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
        for (const { members, batch, length } of batches) {
          expect(members.length).toBeGreaterThan(0);
          expect(members.length).toBeLessThanOrEqual(batch);
          expect(Math.max(...members.map((member) => all[member] as number))).toBeLessThanOrEqual(length);
          expect(length).toBeLessThanOrEqual(maxLength);
          expect(batch === 1 || batch * length <= maxTokens).toBe(true);
        }
      }),
    );
  });

  it('does not depend on anything but the lengths', () => {
    expect(packMicroBatches([10, 40, 10, 40], 96, 512)).toEqual([
      { members: [1, 3], batch: 2, length: 48 },
      { members: [0, 2], batch: 2, length: 16 },
    ]);
  });
});
