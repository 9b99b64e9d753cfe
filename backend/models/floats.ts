/** Stored float formats and float32: bfloat16 and IEEE half precision, rounded to nearest even. */

export type StoredDType = 'F32' | 'F16' | 'BF16';

export const bytesPerElement: Readonly<Record<StoredDType, number>> = { F32: 4, F16: 2, BF16: 2 };

export function isStored(dtype: string): dtype is StoredDType {
  return Object.hasOwn(bytesPerElement, dtype);
}

/** Values kept at half the memory of float32, as a file stores them. */
export interface HalfArray {
  readonly dtype: Exclude<StoredDType, 'F32'>;
  readonly halves: Uint16Array;
}

/** Exact; `into` is as long as the array. */
export function widenArray({ dtype, halves }: HalfArray, into: Float32Array): void {
  widen(new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength), dtype, into);
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
