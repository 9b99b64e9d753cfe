import { describe, expect, it } from 'vitest';
import { overlongPunishment } from '../../../backend/algorithms/rewardShaping.ts';

describe('overlongPunishment', () => {
  // DAPO's own setting: answers of up to 20,480 tokens, of which the last 4,096 are the buffer.
  it.each([
    [1, 0],
    [16_384, 0],
    [17_408, -0.25],
    [18_432, -0.5],
    [20_480, -1],
    [30_000, -1],
  ])('of %i tokens is %d', (length, expected) => {
    expect(overlongPunishment(length, 20_480, { overlongBuffer: 0.2 })).toBeCloseTo(expected, 12);
  });

  it('is none without a buffer, however long', () => expect(overlongPunishment(100, 10, { overlongBuffer: 0 })).toBe(0));

  it('with everything as buffer is the share of the longest', () => expect(overlongPunishment(3, 12, { overlongBuffer: 1 })).toBeCloseTo(-0.25, 12));
});
