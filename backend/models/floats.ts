/** Stored float formats and float32: bfloat16 and IEEE half precision, rounded to nearest even. */

export type StoredDType = 'F32' | 'F16' | 'BF16';

export const bytesPerElement: Readonly<Record<StoredDType, number>> = { F32: 4, F16: 2, BF16: 2 };

export function isStored(dtype: string): dtype is StoredDType {
  return Object.hasOwn(bytesPerElement, dtype);
}

/** Values kept at half the memory of float32: each is the IEEE half times `scale`, a power of two. */
export interface HalfArray {
  readonly halves: Uint16Array;
  readonly scale: number;
}

/** Scales stay far from where float32 ends, so that what is multiplied by one loses nothing. */
const largestShift = 60;

/**
 * Values as a file stores them, made halves that processors can widen, in place. A half has more digits than a bfloat16 and fewer
 * exponents: scaled to the largest value, it holds all values down to 2⁻³² of that exactly, and smaller ones to 2⁻⁴⁰ of it.
 */
export function asHalves(stored: Uint16Array, dtype: Exclude<StoredDType, 'F32'>): HalfArray {
  if (dtype === 'F16') return { halves: stored, scale: 1 };
  let largest = 0;
  for (let i = 0; i < stored.length; i++) {
    const magnitude = (stored[i] as number) & 0x7fff;
    if (magnitude > largest && magnitude < 0x7f80) largest = magnitude;
  }
  const exponent = (largest >>> 7) - 127;
  const shift = largest === 0 ? 0 : Math.max(-largestShift, Math.min(largestShift, 15 - exponent));
  const everyValue = new Float32Array(0x10000);
  widen(new Uint8Array(Uint16Array.from(everyValue, (_, half) => half).buffer), 'BF16', everyValue);
  const halfOf = new Uint16Array(
    narrow(
      everyValue.map((value) => value * 2 ** shift),
      'F16',
    ).buffer,
  );
  for (let i = 0; i < stored.length; i++) stored[i] = halfOf[stored[i] as number] as number;
  return { halves: stored, scale: 2 ** -shift };
}

/** `into` is as long as the array. */
export function widenHalves({ halves, scale }: HalfArray, into: Float32Array): void {
  widen(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength), 'F16', into);
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) * scale;
}

/** Little-endian bytes of `dtype` (at an even offset of their buffer) to float32, as many as `into` holds. Exact. */
export function widen(bytes: Uint8Array, dtype: Exclude<StoredDType, 'F32'>, into: Float32Array): void {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  if (dtype === 'BF16') {
    // A bfloat16 is the upper half of a float32.
    const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < halves.length; i++) words[i] = (halves[i] as number) << 16;
    return;
  }
  halfValues ??= Float32Array.from({ length: 0x10000 }, (_, half) => fromHalf(half));
  for (let i = 0; i < halves.length; i++) into[i] = halfValues[halves[i] as number] as number;
}

/** The value of every half, made at the first use. */
let halfValues: Float32Array | undefined;

/** Float32 to little-endian bytes of `dtype`, rounded to nearest even; float32 itself is not copied. NaN stays NaN, too large becomes infinite. */
export function narrow(values: Float32Array, dtype: StoredDType): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  const convert = dtype === 'BF16' ? toBfloat : toHalf;
  for (let i = 0; i < words.length; i++) halves[i] = convert(words[i] as number);
  return new Uint8Array(halves.buffer);
}

function toBfloat(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

function toHalf(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00; // ≥ 65536, infinity included
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  if (magnitude < 0x33000000) return sign; // below half of the smallest subnormal, 2⁻²⁵
  const exponent = magnitude >>> 23;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent;
  const kept = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return sign | (kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0));
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0x1f) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}
