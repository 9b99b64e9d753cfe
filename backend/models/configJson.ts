/** Reads the fields that the families' config.json files share, in the words of old and new transformers versions. */
import { WorkbenchError } from '../core/errors.ts';
import type { ModelConfig, RopeConfig, RopeScaling } from './config.ts';
import type { ConfigJson } from './family.ts';

/** What differs between families. */
export interface FamilyTraits {
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  readonly qkNorm: boolean;
}

export function decoderConfig(json: ConfigJson, traits: FamilyTraits): ModelConfig {
  const hiddenSize = size(json, 'hidden_size');
  const nHeads = size(json, 'num_attention_heads');
  const activation = json['hidden_act'] ?? 'silu';
  if (activation !== 'silu') unsupported(`hidden_act is "${String(activation)}"`, 'Only SwiGLU models ("silu") are supported.');
  if (json['use_sliding_window'] === true) unsupported('use_sliding_window is true', 'Sliding-window attention is not supported.');
  const config: ModelConfig = {
    modelType: String(json['model_type']),
    vocabularySize: size(json, 'vocab_size'),
    hiddenSize,
    nLayers: size(json, 'num_hidden_layers'),
    nHeads,
    nKvHeads: optionalSize(json, 'num_key_value_heads') ?? nHeads,
    headDim: optionalSize(json, 'head_dim') ?? hiddenSize / nHeads,
    intermediateSize: size(json, 'intermediate_size'),
    rmsNormEpsilon: number(json, 'rms_norm_eps', 1e-6),
    rope: ropeConfig(json),
    tiedEmbeddings: json['tie_word_embeddings'] === true,
    maxPositions: optionalSize(json, 'max_position_embeddings') ?? 2048,
    ...traits,
  };
  if (config.nHeads % config.nKvHeads !== 0) invalid(`${config.nHeads} attention heads cannot share ${config.nKvHeads} key-value heads`);
  if (!Number.isInteger(config.headDim) || config.headDim % 2 !== 0) invalid(`a head of size ${config.headDim} has no pairs to rotate`);
  return config;
}

/** `rope_parameters` (transformers 5), or `rope_theta` with `rope_scaling` (4). */
function ropeConfig(json: ConfigJson): RopeConfig {
  const described = (json['rope_parameters'] ?? json['rope_scaling'] ?? {}) as ConfigJson;
  const theta = number(described, 'rope_theta', number(json, 'rope_theta', 10_000));
  return { theta, scaling: ropeScaling(described, json) };
}

function ropeScaling(described: ConfigJson, json: ConfigJson): RopeScaling | null {
  const type = String(described['rope_type'] ?? described['type'] ?? 'default');
  const factor = number(described, 'factor', 1);
  const maxPositions = optionalSize(json, 'max_position_embeddings') ?? 2048;
  const originalMaxPositions = number(described, 'original_max_position_embeddings', maxPositions);
  switch (type) {
    case 'default':
      return null;
    case 'linear':
      return { type, factor };
    case 'dynamic':
      return { type, factor, originalMaxPositions };
    case 'llama3':
      return { type, factor, lowFrequencyFactor: number(described, 'low_freq_factor'), highFrequencyFactor: number(described, 'high_freq_factor'), originalMaxPositions };
    case 'yarn':
      return {
        type,
        factor,
        betaFast: number(described, 'beta_fast', 32),
        betaSlow: number(described, 'beta_slow', 1),
        attentionFactor: yarnAttentionFactor(described, factor),
        originalMaxPositions,
        truncate: described['truncate'] !== false,
      };
    default:
      return unsupported(`rope_type is "${type}"`, 'Supported are default, linear, dynamic, llama3 and yarn.');
  }
}

/** The given factor, or 0.1 ln(factor) + 1 scaled by the optional mscale pair. */
function yarnAttentionFactor(described: ConfigJson, factor: number): number {
  if (typeof described['attention_factor'] === 'number') return described['attention_factor'];
  const scaled = (mscale: number): number => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  const [mscale, all] = [described['mscale'], described['mscale_all_dim']];
  return typeof mscale === 'number' && typeof all === 'number' && mscale !== 0 && all !== 0 ? scaled(mscale) / scaled(all) : scaled(1);
}

function number(json: ConfigJson, key: string, otherwise?: number): number {
  const value = json[key] ?? otherwise;
  if (typeof value !== 'number' || !Number.isFinite(value)) return invalid(`"${key}" should be a number, it is ${JSON.stringify(json[key])}`);
  return value;
}

function size(json: ConfigJson, key: string): number {
  const value = json[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) return invalid(`"${key}" should be a positive whole number, it is ${JSON.stringify(value)}`);
  return value;
}

function optionalSize(json: ConfigJson, key: string): number | undefined {
  return json[key] === undefined || json[key] === null ? undefined : size(json, key);
}

function invalid(problem: string): never {
  throw new WorkbenchError({ code: 'model.config', message: `The model's config.json is not usable: ${problem}.`, remedy: 'Take the config.json that belongs to the weights.' });
}

function unsupported(found: string, remedy: string): never {
  throw new WorkbenchError({ code: 'model.unsupported', message: `The model's config.json asks for something this engine does not do: ${found}.`, remedy });
}
