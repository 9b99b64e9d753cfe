/** How prompts and single tokens go through the model: as one graph (here) or layer by layer (`layerwiseDecoding.ts`). */
import { decodeProgram, prefillProgram, type DecodeMode, type ProgramModel } from '../../models/programs.ts';
import { DeviceCache } from './deviceCache.ts';
import { KeyValueCache, type PromptCache } from './keyValueCache.ts';
import { notFiniteError } from './nonFinite.ts';
import { runProgram, Tensor, type ProgramCache } from './session.ts';

/** A layer's keys and values of right-padded prompts, each [batch, KV, length, hd]. */
export interface LayerCache {
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** One token for every row; the first `rows` of the batch are in use. */
export interface TokenStep {
  readonly mode: DecodeMode;
  readonly batch: number;
  readonly rows: number;
  /** [batch] each; `positions` are the tokens in each row's cache so far. */
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  readonly uniforms: Float32Array;
  readonly inverseTemperature: number;
}

/** What a step gives: `next` and `logprobs` [batch], or `logits` [batch, V]; and, should a number in it not be finite, the error that says where it came from. */
export interface Stepped {
  readonly outputs: Readonly<Record<string, Tensor>>;
  explain(): Promise<Error>;
}

export interface Decoding {
  /** By layer. */
  prefill(batch: number, length: number, tokens: Int32Array): Promise<readonly LayerCache[]>;
  /** Rows to decode, with room for the keys and values of `capacity` tokens each. */
  open(rows: number, capacity: number): DecodingRows;
}

/** Rows being decoded, with what is known of their tokens. */
export interface DecodingRows {
  readonly cache: RowCache;
  /** Also keeps the keys and values of the tokens. */
  step(step: TokenStep): Promise<Stepped>;
  close(): void;
}

/** Keys and values by row, wherever they lie. */
export interface RowCache {
  readonly capacity: number;
  /** Enlarges every row, keeping what is in it. */
  grow(capacity: number): void;
  loadPrompt(row: number, prompt: PromptCache): void;
  copyRow(from: number, to: number): void;
}

export interface DecodingModel {
  readonly program: ProgramModel;
  readonly programs: ProgramCache;
  readonly prefillPrograms: ProgramCache;
  /** Parameters and tables as graph inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Whether `programs` keep tensors on a device. */
  readonly isOnDevice?: boolean;
}

export function wholeGraphDecoding({ program: model, programs, prefillPrograms, feeds: parameters, isOnDevice = false }: DecodingModel): Decoding {
  return {
    async prefill(batch, length, tokens) {
      const program = await prefillPrograms.get(`Prefill of ${batch} × ${length} tokens`, '', () => prefillProgram(model, batch, length));
      const outputs = await runProgram(program, { ...parameters, tokens: new Tensor('int32', tokens, [batch, length]) });
      const dataOf = (name: string): Float32Array => (outputs[name] as Tensor).data as Float32Array;
      return Array.from({ length: model.config.nLayers }, (_, i) => ({ keys: dataOf(`keys.${i}`), values: dataOf(`values.${i}`) }));
    },
    open(rows, capacity) {
      return isOnDevice ? rowsOnDevice(capacity) : rowsHere(new KeyValueCache(model.config, rows, capacity));
    },
  };

  function rowsHere(cache: KeyValueCache): DecodingRows {
    const step = async (step: TokenStep): Promise<Stepped> => {
      const { program, feeds } = await prepare(step, cache.capacity, cache.feeds(step.batch));
      const outputs = await runProgram(program, feeds);
      cache.append((outputs['fresh'] as Tensor).data as Float32Array, step.rows, step.positions);
      return { outputs, explain: () => notFiniteError(program, feeds) };
    };
    return { cache, step, close: () => undefined };
  }

  function rowsOnDevice(capacity: number): DecodingRows {
    const cache = new DeviceCache(model.config, programs, capacity);
    const step = async (step: TokenStep): Promise<Stepped> => {
      const { program, feeds } = await prepare(step, cache.capacity, await cache.feeds(step.batch, step.rows));
      const outputs = await runProgram(program, feeds);
      cache.append(outputs['fresh'] as Tensor, feeds['positions'] as Tensor);
      return { outputs, explain: () => notFiniteError(program, feeds) };
    };
    return { cache, step, close: () => cache.dispose() };
  }

  async function prepare(step: TokenStep, capacity: number, caches: Readonly<Record<string, Tensor>>) {
    const { batch, mode } = step;
    const title = `Decoding ${batch} rows of ${capacity} tokens`;
    const program = await programs.get(
      title,
      mode,
      () => decodeProgram(model, batch, capacity, mode),
      (output) => output === 'fresh',
    );
    const tokens = new Tensor('int32', step.tokens, [batch]);
    const feeds: Record<string, Tensor> = { ...parameters, ...caches, tokens, ...positionFeeds(step), ...samplingFeeds(step) };
    return { program, feeds };
  }
}

export function positionFeeds({ positions, batch }: TokenStep): Record<string, Tensor> {
  return { positions: new Tensor('int32', positions, [batch]) };
}

export function samplingFeeds({ uniforms, inverseTemperature, batch }: TokenStep): Record<string, Tensor> {
  return {
    uniforms: new Tensor('float32', uniforms, [batch, 1]),
    inverseTemperature: new Tensor('float32', Float32Array.of(inverseTemperature), []),
  };
}
