/**
 * Keys and values of the rows being decoded, in the layout the decode graph reads: one array a layer for keys and one for values,
 * [rows, KV, capacity, hd]. They are inputs only; each step's new entries come out alone and are written here.
 */
import { rowBucket } from './buckets.ts';
import { letCopiesGo, Tensor } from './session.ts';

export interface CacheShape {
  readonly nLayers: number;
  readonly nKvHeads: number;
  readonly headDim: number;
}

/** Keys and values of one prefilled prompt: per layer and kind, [KV, length, hd]. */
export interface PromptCache {
  readonly length: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

export function cacheBytes({ nLayers, nKvHeads, headDim }: CacheShape, rows: number, capacity: number): number {
  return 4 * 2 * nLayers * rows * nKvHeads * capacity * headDim;
}

/** Caches take no more than the weights do, or than this. */
const leastBudget = 1e9;

/**
 * Rows to decode at once, at most `most`: so many that their caches take no more than a model of `weightBytes`. A function of the run and
 * the model alone, as rows change the last digits of a logprob.
 */
export function decodeRows(shape: CacheShape, most: number, capacity: number, weightBytes: number): number {
  const fitting = Math.max(leastBudget, weightBytes) / cacheBytes(shape, 1, capacity);
  let rows = most;
  while (rows > 1 && rowBucket(rows) > fitting) rows--;
  return rows;
}

export class KeyValueCache {
  private readonly shape: CacheShape;
  private readonly rows: number;
  private readonly views = new Map<number, Record<string, Tensor>>();
  private capacityNow: number;
  /** Keys of layer 0, values of layer 0, keys of layer 1, … */
  private readonly arrays: Float32Array[];

  constructor(shape: CacheShape, rows: number, capacity: number) {
    this.shape = shape;
    this.rows = rows;
    this.capacityNow = capacity;
    this.arrays = Array.from({ length: 2 * shape.nLayers }, () => this.allocateOne(capacity));
  }

  get capacity(): number {
    return this.capacityNow;
  }

  /** The first `batch` rows as graph inputs. */
  feeds(batch: number): Record<string, Tensor> {
    const known = this.views.get(batch);
    if (known !== undefined) return known;
    const { nKvHeads, headDim } = this.shape;
    const size = batch * this.rowSize();
    const view = Object.fromEntries(
      this.arrays.map((array, i) => [
        `${i % 2 === 0 ? 'keys' : 'values'}.${i >> 1}`,
        new Tensor('float32', array.subarray(0, size), [batch, nKvHeads, this.capacityNow, headDim]),
      ]),
    );
    this.views.set(batch, view);
    return view;
  }

  /** Enlarges every row to `capacity`, keeping what is in it; one array after the other, so that the old cache never stands beside the new one. */
  grow(capacity: number): void {
    const { nKvHeads, headDim } = this.shape;
    const oldStride = this.capacityNow * headDim;
    const stride = capacity * headDim;
    this.views.clear();
    this.arrays.forEach((from, i) => {
      const array = this.allocateOne(capacity);
      for (let head = 0; head < this.rows * nKvHeads; head++) array.set(from.subarray(head * oldStride, (head + 1) * oldStride), head * stride);
      this.arrays[i] = array;
      letCopiesGo(from.byteLength);
    });
    this.capacityNow = capacity;
  }

  loadPrompt(row: number, prompt: PromptCache): void {
    const { nKvHeads, headDim } = this.shape;
    const used = prompt.length * headDim;
    this.arrays.forEach((array, i) => {
      const from = (i % 2 === 0 ? prompt.keys : prompt.values)[i >> 1] as Float32Array;
      for (let head = 0; head < nKvHeads; head++)
        array.set(from.subarray(head * used, (head + 1) * used), (row * nKvHeads + head) * this.capacityNow * headDim);
    });
  }

  copyRow(from: number, to: number): void {
    const size = this.rowSize();
    for (const array of this.arrays) array.copyWithin(to * size, from * size, (from + 1) * size);
  }

  /** Writes the new entries of the first `rows` rows at their positions; `fresh` is [batch, KV, 2·n, hd] of n layers from `firstLayer` on. */
  append(fresh: Float32Array, rows: number, positions: Int32Array, { firstLayer, nLayers } = { firstLayer: 0, nLayers: this.shape.nLayers }): void {
    const { nKvHeads, headDim } = this.shape;
    const nArrays = 2 * nLayers;
    for (let i = 0; i < nArrays; i++) {
      const array = this.arrays[2 * firstLayer + i] as Float32Array;
      for (let row = 0; row < rows; row++) {
        for (let head = row * nKvHeads; head < (row + 1) * nKvHeads; head++) {
          const source = (head * nArrays + i) * headDim;
          const target = (head * this.capacityNow + (positions[row] as number)) * headDim;
          for (let d = 0; d < headDim; d++) array[target + d] = fresh[source + d] as number;
        }
      }
    }
  }

  private rowSize(): number {
    return this.shape.nKvHeads * this.capacityNow * this.shape.headDim;
  }

  private allocateOne(capacity: number): Float32Array {
    return new Float32Array(this.rows * this.shape.nKvHeads * capacity * this.shape.headDim);
  }
}
