/** How large a model is and what memory its training will take, before anything is allocated. */
import { sizeOf } from '../graph/ir.ts';
import { peakBytes } from '../graph/peakMemory.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { ModelConfig } from './config.ts';
import { parameterSpecs, type LoraSpec } from './parameters.ts';
import { trainProgram } from './programs.ts';

/** Node.js, onnxruntime and the engine's code, and the programs it has compiled; measured. */
const processBytes = 100e6;
/** Copies of gradients that a run hands out are collected when they come to this, or after each run if one is more. */
export const largestGarbage = 8e6;

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

/** What an opened engine holds whatever it runs: the process, weights, gradients with a copy, two moments, and the frozen reference. */
export function estimateStaticBytes(config: ModelConfig, lora: LoraSpec | undefined, keepReference = false): number {
  const specs = parameterSpecs(config, lora);
  const bytesOf = (which: typeof specs): number => which.reduce((sum, spec) => sum + 4 * sizeOf(spec.shape), 0);
  const trained = bytesOf(specs.filter((spec) => spec.trainable));
  return processBytes + bytesOf(specs) + (keepReference ? 4 : 3) * trained + Math.max(trained, largestGarbage);
}

/** Bytes of the engine's process at the peak of a training step; measured peaks differ by less than a tenth. */
export function estimateTrainingBytes(config: ModelConfig, lora: LoraSpec | undefined, shape: TrainingShape, keepReference = false): number {
  const g = new GraphBuilder();
  const loss = g.finish({ loss: g.sum(g.mul(g.input('weight', 'f32', [1]), g.input('logprobs', 'f32', [1]))) });
  const program = trainProgram({ config, lora, positions: shape.length }, { ...shape, loss });
  return estimateStaticBytes(config, lora, keepReference) + peakBytes(program);
}
