/** What the engine's process and its owner say to each other. Typed arrays travel as they are (`serialization: 'advanced'`). */
import type { LoraSpec } from '../../models/parameters.ts';
import type { Engine, SampledToken } from '../contract.ts';
import type { ProviderName } from './providers.ts';
import type { SessionOptions } from './session.ts';

export interface LocalEngineOptions {
  /** A Hugging Face model folder. */
  readonly model: string;
  /** Start from random weights instead of the folder's: only its config.json is read. */
  readonly initialSeed?: number;
  readonly lora?: LoraSpec;
  /** Seed of a new adapter's random matrices. */
  readonly adapterSeed?: number;
  /** A PEFT folder of that form whose adapter takes the place of a new one. */
  readonly adapter?: string;
  /** Positions to prepare for, at most the model's own: longest prompt and completion together. */
  readonly maxPositions: number;
  /** Keep a frozen copy of the weights as they are when opened. */
  readonly keepReference: boolean;
  readonly threads: number;
  /** Where training and logprobs are computed: on the CPU if left out. */
  readonly provider?: ProviderName;
  /** Where tokens are sampled: `samplingBeside` the provider if left out. */
  readonly samplingProvider?: ProviderName;
  /** Largest padded micro-batch, in tokens. */
  readonly microBatchTokens: number;
  readonly layerCheckpointing: boolean;
  /** Train one layer at a time (`layerwise.ts`), or all in one graph; by the model's size if left out. */
  readonly layerwise?: boolean;
  /** With an adapter: keep the frozen matrices at half precision where the folder stores them so, and widen them a layer at a time. */
  readonly halfWeights?: boolean;
  /** Largest block of logits when trained one layer at a time, in bytes. */
  readonly logitsBytes?: number;
  /** Largest decode batch, in rows. */
  readonly maxRows: number;
  /** What the engine's process may take, in bytes: what is free now if left out. More than that is refused; Infinity refuses nothing. */
  readonly memoryBytes?: number;
}

export type EngineMethod = Exclude<keyof Engine, 'dispose'>;

export type ToEngine =
  | { readonly type: 'open'; readonly id: number; readonly options: LocalEngineOptions }
  | { readonly type: 'call'; readonly id: number; readonly method: EngineMethod; readonly args: readonly unknown[]; readonly wantsTokens: boolean }
  | { readonly type: 'selfCheck'; readonly id: number; readonly options: Omit<SessionOptions, 'device'> }
  | { readonly type: 'speedTrial'; readonly id: number; readonly options: LocalEngineOptions }
  | { readonly type: 'abort'; readonly id: number };

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly remedy?: string;
  readonly stack?: string;
}

export type FromEngine =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'progress'; readonly id: number; readonly done: number }
  | { readonly type: 'tokens'; readonly id: number; readonly tokens: readonly SampledToken[] };
