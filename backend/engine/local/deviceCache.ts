/**
 * Keys and values of the rows being decoded that stay on a device: a token's entries are written there, and when rows come, go or grow,
 * a program arranges them anew. Only what a new prompt brings travels.
 */
import { appendCacheProgram, arrangeCacheProgram, cacheNames, enteringPrefix, nextPrefix, type CacheSize } from '../../models/cachePrograms.ts';
import type { ModelConfig } from '../../models/config.ts';
import { rowBucket } from './buckets.ts';
import type { PromptCache } from './keyValueCache.ts';
import { runProgram, Tensor, type ProgramCache } from './session.ts';

type Tensors = Readonly<Record<string, Tensor>>;

export class DeviceCache {
  private readonly config: ModelConfig;
  private readonly programs: ProgramCache;
  /** What a row is made of: a row as it lies on the device now, or a prompt. */
  private sources: (number | PromptCache)[] = [];
  private held: (CacheSize & { readonly tensors: Tensors }) | undefined;
  /** Entries of the last token, not yet written. */
  private pending: { readonly fresh: Tensor; readonly positions: Tensor } | undefined;
  private capacityNow: number;

  constructor(config: ModelConfig, programs: ProgramCache, capacity: number) {
    this.config = config;
    this.programs = programs;
    this.capacityNow = capacity;
  }

  get capacity(): number {
    return this.capacityNow;
  }

  grow(capacity: number): void {
    this.capacityNow = capacity;
  }

  loadPrompt(row: number, prompt: PromptCache): void {
    this.sources[row] = prompt;
  }

  copyRow(from: number, to: number): void {
    this.sources[to] = this.sources[from] as number | PromptCache;
  }

  /** The first `batch` rows, of which `rows` are in use, as graph inputs. Valid until the next call. */
  async feeds(batch: number, rows: number): Promise<Tensors> {
    await this.write();
    const { held, capacity } = this;
    const isInPlace = held?.rows === batch && held.capacity === capacity && this.sources.slice(0, rows).every((source, row) => source === row);
    if (held !== undefined && isInPlace) return held.tensors;
    return this.arrange({ rows: batch, capacity }, rows);
  }

  /** Each row's entry, for its position; `fresh` [batch, KV, 2·layers, hd] is on the device. It is written before the next step, so that a step that went wrong can be made again. */
  append(fresh: Tensor, positions: Tensor): void {
    this.pending = { fresh, positions };
  }

  dispose(): void {
    this.pending?.fresh.dispose();
    this.pending = undefined;
    this.release();
  }

  private async write(): Promise<void> {
    if (this.held === undefined || this.pending === undefined) return;
    const { rows, capacity, tensors } = this.held;
    const title = `Writing keys and values of ${rows} rows of ${capacity} tokens`;
    const program = await this.programs.get(title, '', () => appendCacheProgram(this.config, { rows, capacity }), isNext);
    this.replace({ rows, capacity }, await runProgram(program, { ...tensors, ...this.pending }));
    this.pending.fresh.dispose();
    this.pending = undefined;
  }

  private release(): void {
    for (const tensor of Object.values(this.held?.tensors ?? {})) tensor.dispose();
    this.held = undefined;
  }

  private async arrange(to: CacheSize, rows: number): Promise<Tensors> {
    const { held } = this;
    const prompts = [...new Set(this.sources.slice(0, rows).filter((source) => typeof source !== 'number'))];
    const entering = prompts.length === 0 ? 0 : rowBucket(prompts.length);
    const from = held === undefined ? undefined : { rows: held.rows, capacity: held.capacity };
    const indices = Int32Array.from({ length: to.rows }, (_, row) => {
      const source = row < rows ? this.sources[row] : 0;
      return typeof source === 'object' ? (from?.rows ?? 0) + prompts.indexOf(source) : (source ?? 0);
    });
    const title = `Arranging keys and values of ${to.rows} rows of ${to.capacity} tokens`;
    const variant = `${from?.rows ?? 0} × ${from?.capacity ?? 0} + ${entering}`;
    const program = await this.programs.get(title, variant, () => arrangeCacheProgram(this.config, from, entering, to), isNext);
    const arrived = entering === 0 ? {} : this.entering(prompts, entering, to.capacity);
    const next = await runProgram(program, { ...held?.tensors, ...arrived, rows: new Tensor('int32', indices, [to.rows]) });
    this.sources = Array.from({ length: rows }, (_, row) => row);
    return this.replace(to, next);
  }

  private replace(size: CacheSize, next: Tensors): Tensors {
    this.release();
    const tensors = Object.fromEntries(cacheNames(this.config).map((name) => [name, next[nextPrefix + name] as Tensor]));
    this.held = { ...size, tensors };
    return tensors;
  }

  /** Prompts, each [KV, length, hd], padded to the capacity. */
  private entering(prompts: readonly PromptCache[], count: number, capacity: number): Tensors {
    const { nKvHeads, headDim } = this.config;
    const stride = capacity * headDim;
    const padded = (part: (prompt: PromptCache) => Float32Array): Tensor => {
      const array = new Float32Array(count * nKvHeads * stride);
      prompts.forEach((prompt, p) => {
        const used = prompt.length * headDim;
        for (let head = 0; head < nKvHeads; head++) array.set(part(prompt).subarray(head * used, (head + 1) * used), (p * nKvHeads + head) * stride);
      });
      return new Tensor('float32', array, [count, nKvHeads, capacity, headDim]);
    };
    const tensors = Array.from({ length: this.config.nLayers }, (_, i) => [
      [`${enteringPrefix}keys.${i}`, padded(({ keys }) => keys[i] as Float32Array)] as const,
      [`${enteringPrefix}values.${i}`, padded(({ values }) => values[i] as Float32Array)] as const,
    ]);
    return Object.fromEntries(tensors.flat());
  }
}

function isNext(output: string): boolean {
  return output.startsWith(nextPrefix);
}
