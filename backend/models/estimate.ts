/** How large a model is and what memory its training will take, before anything is allocated. */
import { sizeOf } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import { parameterSpecs, type LoraSpec } from './parameters.ts';

/** Parameters of the base model, adapters not counted. */
export function parameterCount(config: ModelConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

export interface TrainingShape {
  readonly batch: number;
  readonly length: number;
  readonly nTargets: number;
  readonly layerCheckpointing: boolean;
}

/**
 * Bytes at the peak of a training step: weights, gradient (twice: the runtime hands out a copy), two moments, and the activations that the
 * backward pass keeps. Per token and layer those are the inputs of norms, projections and SwiGLU, per head the attention probabilities.
 */
export function estimateTrainingBytes(config: ModelConfig, lora: LoraSpec | undefined, shape: TrainingShape): number {
  const specs = parameterSpecs(config, lora);
  const all = specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);
  const trained = specs.reduce((sum, spec) => sum + (spec.trainable ? sizeOf(spec.shape) : 0), 0);
  const tokens = shape.batch * shape.length;
  const { hiddenSize: d, intermediateSize: ff, nHeads, nKvHeads, headDim, nLayers, vocabularySize } = config;
  const layer = tokens * (6 * d + 3 * nHeads * headDim + 4 * nKvHeads * headDim + 5 * ff) + 2 * tokens * shape.length * nHeads;
  const kept = shape.layerCheckpointing ? nLayers * tokens * d + 2 * layer : nLayers * layer;
  const head = shape.nTargets * (3 * vocabularySize + 2 * d);
  return 4 * (all + 4 * trained + kept + head);
}
