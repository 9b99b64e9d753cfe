/** Stored float formats: every half there is, and rounding against its definition. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asHalves, narrow, widen, widenHalves, type HalfArray } from '../../../backend/models/floats.ts';

type Half = 'F16' | 'BF16';
const formats: readonly Half[] = ['F16', 'BF16'];

function widened(halves: Uint16Array, dtype: Half): Float32Array {
  const values = new Float32Array(halves.length);
  widen(new Uint8Array(halves.buffer), dtype, values);
  return values;
}

function narrowed(values: Float32Array, dtype: Half): Uint16Array {
  return new Uint16Array(narrow(values, dtype).buffer);
}

const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, i) => i);

/** 2 ** exponent · (1 + mantissa / 2 ** bits), by the definition of the format. */
function valueOf(half: number, dtype: Half): number {
  const [exponentBits, mantissaBits] = dtype === 'F16' ? [5, 10] : [8, 7];
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = half >>> 15 === 1 ? -1 : 1;
  const exponent = (half >>> mantissaBits) & (2 ** exponentBits - 1);
  const fraction = (half & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias);
}

describe.each(formats)('%s', (dtype) => {
  const values = widened(everyHalf, dtype);

  it('means what its bits say', () => {
    for (const half of everyHalf)
      if (!Object.is(values[half], Math.fround(valueOf(half, dtype)))) expect(`${half}: ${values[half] ?? ''}`).toBe(valueOf(half, dtype));
  });

  it('comes back from float32 as it was', () => {
    const back = narrowed(values, dtype);
    for (const half of everyHalf) {
      if (Number.isNaN(values[half])) expect(valueOf(back[half] as number, dtype)).toBeNaN();
      else if (back[half] !== half) expect(back[half]).toBe(half);
    }
  });

  it('rounds to the nearest, ties to even', () => {
    // Non-negative finite halves are ordered as their bits are; the next one stands for what overflows.
    const infinity = everyHalf.find((half) => values[half] === Infinity) as number;
    const limit = 2 * (values[infinity - 1] as number) - (values[infinity - 2] as number);
    const at = (half: number): number => (half === infinity ? limit : (values[half] as number));
    const nearest = (x: number): number => {
      let low = 0;
      for (let step = 0x8000; step >= 1; step /= 2) if (low + step <= infinity && at(low + step) <= x) low += step;
      if (low === infinity) return infinity;
      const [below, above] = [x - at(low), at(low + 1) - x];
      return below < above || (below === above && low % 2 === 0) ? low : low + 1;
    };
    const wide = fc.float({ noNaN: true });
    // Halfway between two neighbors, and just beside.
    const tie = fc.tuple(fc.integer({ min: 0, max: infinity - 1 }), fc.constantFrom(-1, 0, 1)).map(([half, aside]) => {
      const words = new Uint32Array(Float32Array.of((at(half) + at(half + 1)) / 2).buffer);
      words[0] = Math.max(0, (words[0] as number) + aside);
      return new Float32Array(words.buffer)[0] as number;
    });
    fc.assert(
      fc.property(
        fc.oneof(
          wide,
          tie,
          tie.map((x) => -x),
        ),
        (x) => {
          const expected = nearest(Math.abs(x)) | (Object.is(Math.sign(x), -0) || x < 0 ? 0x8000 : 0);
          expect(narrowed(Float32Array.of(x), dtype)[0]).toBe(expected);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('keeps NaN whatever its bits', () => {
    const words = Uint32Array.of(0x7f800001, 0x7fc00000, 0x7fffffff, 0xff800001, 0xffffffff, 0x7f80ffff);
    for (const half of narrowed(new Float32Array(words.buffer), dtype)) expect(valueOf(half, dtype)).toBeNaN();
  });
});

it.each([
  { dtype: 'F16' as const, x: 65519.996, half: 0x7bff },
  { dtype: 'F16' as const, x: 65520, half: 0x7c00 },
  { dtype: 'F16' as const, x: 2 ** -24, half: 0x0001 },
  { dtype: 'F16' as const, x: 2 ** -25, half: 0x0000 },
  { dtype: 'F16' as const, x: -(2 ** -25) * 1.001, half: 0x8001 },
  { dtype: 'F16' as const, x: 2 ** -14 - 2 ** -25, half: 0x0400 },
  { dtype: 'BF16' as const, x: 3.4028234e38, half: 0x7f80 },
  { dtype: 'BF16' as const, x: 1 + 2 ** -8, half: 0x3f80 },
  { dtype: 'BF16' as const, x: 1 + 3 * 2 ** -8, half: 0x3f82 },
  { dtype: 'BF16' as const, x: -0, half: 0x8000 },
])('$dtype of $x is $half', ({ dtype, x, half }) => expect(narrowed(Float32Array.of(x), dtype)[0]).toBe(half));

describe('values kept as halves', () => {
  const valuesIn = (array: HalfArray): Float32Array => {
    const values = new Float32Array(array.halves.length);
    widenHalves(array, values);
    return values;
  };

  it('are those of a file that has halves', () => {
    expect(valuesIn(asHalves(everyHalf.slice(), 'F16'))).toEqual(widened(everyHalf, 'F16'));
  });

  it.each([2 ** -20, 0.37, 1, 90, 2 ** 40])('are those of a file that has bfloat16, relative to the largest of them, %d', (scale) => {
    const [largest = 0] = narrowed(Float32Array.of(scale), 'BF16');
    const stored = everyHalf.filter((half) => (half & 0x7fff) <= largest);
    const exact = widened(stored, 'BF16');
    const bound = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    valuesIn(asHalves(stored.slice(), 'BF16')).forEach((value, i) => {
      const expected = exact[i] as number;
      const allowed = Math.abs(expected) >= 2 ** -32 * bound ? 0 : 2 ** -40 * bound;
      if (!(Math.abs(value - expected) <= allowed)) expect({ value }).toEqual({ value: expected });
    });
  });

  it('stay infinite, NaN and zero', () => {
    const special = narrowed(Float32Array.of(0, Infinity, -Infinity, NaN), 'BF16');
    expect(valuesIn(asHalves(Uint16Array.of(...special, 0x3f80), 'BF16'))).toEqual(Float32Array.of(0, Infinity, -Infinity, NaN, 1));
    expect(valuesIn(asHalves(Uint16Array.of(0, 0x8000), 'BF16'))).toEqual(Float32Array.of(0, -0));
  });
});
