/** How prompts and single tokens go through the model: as one graph (here) or layer by layer (`layerwiseDecoding.ts`). */
import { decodeProgram, prefillProgram, type DecodeMode, type ProgramModel } from '../../models/programs.ts';
import type { KeyValueCache } from './keyValueCache.ts';
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
  /** Also writes the keys and values of the tokens into the cache. */
  step(step: TokenStep, cache: KeyValueCache): Promise<Stepped>;
}

export interface DecodingModel {
  readonly program: ProgramModel;
  readonly programs: ProgramCache;
  readonly prefillPrograms: ProgramCache;
  /** Parameters and tables as graph inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

export function wholeGraphDecoding({ program: model, programs, prefillPrograms, feeds: parameters }: DecodingModel): Decoding {
  return {
    async prefill(batch, length, tokens) {
      const program = await prefillPrograms.get(`Prefill of ${batch} × ${length} tokens`, '', () => prefillProgram(model, batch, length));
      const outputs = await runProgram(program, { ...parameters, tokens: new Tensor('int32', tokens, [batch, length]) });
      const dataOf = (name: string): Float32Array => (outputs[name] as Tensor).data as Float32Array;
      return Array.from({ length: model.config.nLayers }, (_, i) => ({ keys: dataOf(`keys.${i}`), values: dataOf(`values.${i}`) }));
    },
    async step(step, cache) {
      const { batch, mode, rows, positions } = step;
      const program = await programs.get(`Decoding ${batch} rows of ${cache.capacity} tokens`, mode, () =>
        decodeProgram(model, batch, cache.capacity, mode),
      );
      const tokens = new Tensor('int32', step.tokens, [batch]);
      const feeds = { ...parameters, ...cache.feeds(batch), tokens, ...positionFeeds(step), ...samplingFeeds(step) };
      const outputs = await runProgram(program, feeds);
      cache.append((outputs['fresh'] as Tensor).data as Float32Array, rows, positions);
      return { outputs, explain: () => notFiniteError(program.graph, feeds) };
    },
  };
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
