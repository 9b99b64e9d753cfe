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

/** Throws `model.config` for what is missing or malformed, `model.unsupported` for what would change the arithmetic unnoticed. */
export function decoderConfig(json: ConfigJson, traits: FamilyTraits): ModelConfig {
  const hiddenSize = size(json, 'hidden_size');
  const nHeads = size(json, 'num_attention_heads');
  const activation = json['hidden_act'] ?? 'silu';
  if (activation !== 'silu') unsupported(`hidden_act is "${String(activation)}"`, 'Only SwiGLU models ("silu") are supported.');
  if ((json['quantization_config'] ?? null) !== null) unsupported('the weights are quantized', 'Use the model before quantization.');
  if (hasSlidingWindow(json)) unsupported('some layers attend to a sliding window', 'Every layer should have full attention.');
  const config: ModelConfig = {
    modelType: String(json['model_type']),
    vocabularySize: size(json, 'vocab_size'),
    hiddenSize,
    nLayers: size(json, 'num_hidden_layers'),
    nHeads,
    nKvHeads: optionalSize(json, 'num_key_value_heads') ?? nHeads,
    headDim: optionalSize(json, 'head_dim') ?? hiddenSize / nHeads,
    intermediateSize: size(json, 'intermediate_size'),
    rmsNormEpsilon: positive(json, 'rms_norm_eps', 1e-6),
    rope: ropeConfig(json),
    tiedEmbeddings: json['tie_word_embeddings'] === true,
    maxPositions: maxPositionsOf(json),
    ...traits,
  };
  if (config.nHeads % config.nKvHeads !== 0) invalid(`${config.nHeads} attention heads cannot share ${config.nKvHeads} key-value heads`);
  if (!Number.isInteger(config.headDim) || config.headDim % 2 !== 0) invalid(`a head of size ${config.headDim} has no pairs to rotate`);
  return config;
}

function maxPositionsOf(json: ConfigJson): number {
  return optionalSize(json, 'max_position_embeddings') ?? 2048;
}

/** `layer_types` where it is said, otherwise the layers from `max_window_layers` on. */
function hasSlidingWindow(json: ConfigJson): boolean {
  const types = json['layer_types'];
  if (Array.isArray(types)) return types.some((type) => type !== 'full_attention');
  return json['use_sliding_window'] === true && number(json, 'max_window_layers', 0) < size(json, 'num_hidden_layers');
}

/** `rope_parameters` (transformers 5), or `rope_theta` with `rope_scaling` (4). */
function ropeConfig(json: ConfigJson): RopeConfig {
  const value = json['rope_parameters'] ?? json['rope_scaling'] ?? {};
  if (typeof value !== 'object') return invalid(`"rope_parameters" or "rope_scaling" should be an object, it is ${JSON.stringify(value)}`);
  const described = value as ConfigJson;
  const theta = positive(described, 'rope_theta', positive(json, 'rope_theta', 10_000));
  if (number(described, 'partial_rotary_factor', number(json, 'partial_rotary_factor', 1)) !== 1) {
    unsupported('only a part of each head is rotated', '"partial_rotary_factor" should be 1.');
  }
  return { theta, scaling: ropeScaling(described, json) };
}

function ropeScaling(described: ConfigJson, json: ConfigJson): RopeScaling | null {
  const type = String(described['rope_type'] ?? described['type'] ?? 'default');
  const factor = (): number => positive(described, 'factor');
  const maxPositions = maxPositionsOf(json);
  const originalMaxPositions =
    optionalSize(json, 'original_max_position_embeddings') ?? optionalSize(described, 'original_max_position_embeddings') ?? maxPositions;
  switch (type) {
    case 'default':
      return null;
    case 'linear':
      return { type, factor: factor() };
    case 'dynamic':
      // As transformers does, whatever the original length is said to be.
      return { type, factor: factor(), originalMaxPositions: maxPositions };
    case 'llama3':
      return {
        type,
        factor: factor(),
        lowFrequencyFactor: positive(described, 'low_freq_factor'),
        highFrequencyFactor: positive(described, 'high_freq_factor'),
        originalMaxPositions,
      };
    case 'yarn':
      return {
        type,
        factor: factor(),
        betaFast: positive(described, 'beta_fast', 32),
        betaSlow: positive(described, 'beta_slow', 1),
        attentionFactor: yarnAttentionFactor(described, factor()),
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

function positive(json: ConfigJson, key: string, otherwise?: number): number {
  const value = number(json, key, otherwise);
  return value > 0 ? value : invalid(`"${key}" should be positive, it is ${value}`);
}

function size(json: ConfigJson, key: string): number {
  const value = json[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    return invalid(`"${key}" should be a positive whole number, it is ${JSON.stringify(value)}`);
  return value;
}

function optionalSize(json: ConfigJson, key: string): number | undefined {
  return json[key] === undefined || json[key] === null ? undefined : size(json, key);
}

function invalid(problem: string): never {
  throw new WorkbenchError({
    code: 'model.config',
    message: `The model's configuration is not usable: ${problem}.`,
    remedy: 'Take the config.json that belongs to the weights.',
  });
}

function unsupported(found: string, remedy: string): never {
  throw new WorkbenchError({
    code: 'model.unsupported',
    message: `The model's configuration asks for something this engine does not do: ${found}.`,
    remedy,
  });
}
