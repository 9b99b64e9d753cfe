/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
 *
 * A stream is a 64-bit key; the n-th draw is a pure function of (key, n). Hence a checkpoint stores one integer, a sequence
 * can have a stream of its own, and the composition of a batch cannot change what a sequence draws.
 */

const multiplier0 = 0xd2511f53;
const multiplier1 = 0xcd9e8d57;
const weyl0 = 0x9e3779b9;
const weyl1 = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = (middle & 0xffff) + aLow * bHigh;
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** One Philox4x32-10 block: four unsigned 32-bit integers from a 128-bit counter and a 64-bit key. */
export function philox(counter: readonly [number, number, number, number], key: readonly [number, number]): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(multiplier0, c0);
    const low0 = Math.imul(multiplier0, c0) >>> 0;
    const high1 = mulHigh(multiplier1, c2);
    const low1 = Math.imul(multiplier1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + weyl0) >>> 0;
    k1 = (k1 + weyl1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** 64-bit FNV-1a of a label, as two 32-bit halves; turns names of streams into keys. */
function hashLabel(label: string, seed: readonly [number, number]): [number, number] {
  let hash = (0xcbf29ce484222325n ^ ((BigInt(seed[1]) << 32n) | BigInt(seed[0]))) & 0xffffffffffffffffn;
  for (let i = 0; i < label.length; i++) hash = ((hash ^ BigInt(label.charCodeAt(i))) * 0x100000001b3n) & 0xffffffffffffffffn;
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** Where a stream stands: enough to go on exactly. */
export interface RngState {
  readonly key: readonly [number, number];
  readonly position: number;
}

/** A stream of draws; `position` counts 32-bit words drawn so far. */
export class Rng {
  private readonly key: readonly [number, number];
  private position: number;
  private block: readonly [number, number, number, number] | undefined;

  private constructor(key: readonly [number, number], position: number) {
    this.key = key;
    this.position = position;
  }

  /** The stream named by a seed and labels, e.g. `Rng.of(seed, 'order', epoch)`. Distinct labels give independent streams. */
  static of(seed: number, ...labels: readonly (string | number)[]): Rng {
    let key: [number, number] = [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
    for (const label of labels) key = hashLabel(typeof label === 'number' ? `#${label}` : label, key);
    return new Rng(key, 0);
  }

  static restore(state: RngState): Rng {
    return new Rng(state.key, state.position);
  }

  state(): RngState {
    return { key: this.key, position: this.position };
  }

  /** Uniform unsigned 32-bit integer. */
  uint32(): number {
    const lane = this.position & 3;
    if (lane === 0 || this.block === undefined) {
      const index = Math.floor(this.position / 4);
      this.block = philox([index >>> 0, Math.floor(index / 0x100000000) >>> 0, 0, 0], this.key);
    }
    this.position++;
    return this.block[lane as 0 | 1 | 2 | 3];
  }

  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number {
    return this.uint32() / 0x100000000;
  }

  /** Uniform integer in [low, high], both ends included; free of modulo bias. */
  integer(low: number, high: number): number {
    const span = high - low + 1;
    const limit = Math.floor(0x100000000 / span) * span;
    let draw = this.uint32();
    while (draw >= limit) draw = this.uint32();
    return low + (draw % span);
  }

  /** Standard normal by Box–Muller (one value a call; the pair's other half is dropped so that a state is one integer). */
  normal(): number {
    const u = 1 - this.uniform();
    const v = this.uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
  }

  /** A uniformly chosen element; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('Rng.pick: the list is empty');
    return list[this.integer(0, list.length - 1)] as T;
  }

  /** A new list in uniformly random order (Fisher–Yates). */
  shuffle<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      const held = out[i] as T;
      out[i] = out[j] as T;
      out[j] = held;
    }
    return out;
  }

  /** `count` distinct elements in random order. */
  sample<T>(list: readonly T[], count: number): T[] {
    return this.shuffle(list).slice(0, count);
  }
}
