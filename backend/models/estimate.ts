/** How large a model is and what memory its training will take, before anything is allocated. */
import { sizeOf, type Graph } from '../graph/ir.ts';
import { peakBytes } from '../graph/peakMemory.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { ModelConfig } from './config.ts';
import { headTrainProgram, layerBackwardProgram, layerOf } from './layerPrograms.ts';
import { parameterSpecs, type LoraSpec, type ParameterSpec } from './parameters.ts';
import { decodeProgram, prefillProgram, trainProgram, type ProgramModel } from './programs.ts';

/** Node.js, onnxruntime and the engine's code, and the programs it has compiled; measured. */
const processBytes = 100e6;
/** Copies of gradients that a run hands out are collected when they come to this, or after each run if one is more. */
export const largestGarbage = 8e6;

/** Largest block of logits, in bytes, where the head is run a block of targets at a time. */
export const defaultLogitsBytes = 64e6;

/** From here on one graph of the whole model costs more, in memory and in loading, than running each layer twice does in time. */
const largestWholeGraph = { parameters: 100e6, logitsBytes: 256e6 };

/** Parameters of the base model, adapters not counted. */
export function parameterCount(config: ModelConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Whether a model is better trained one layer at a time (`layerPrograms.ts`), with micro-batches of so many tokens. */
export function prefersLayers(config: ModelConfig, microBatchTokens: number): boolean {
  return parameterCount(config) > largestWholeGraph.parameters || 4 * config.vocabularySize * microBatchTokens > largestWholeGraph.logitsBytes;
}

/** Targets in one block of logits. */
export function headBlock(vocabularySize: number, logitsBytes: number): number {
  const rows = Math.max(1, Math.floor(logitsBytes / (4 * vocabularySize)));
  return rows < 16 ? rows : 16 * Math.floor(rows / 16);
}

/** How an opened engine holds a model. */
export interface Holding {
  readonly lora?: LoraSpec | undefined;
  /** With a frozen copy of what is trained. */
  readonly keepReference?: boolean;
  /** Trained one layer at a time. */
  readonly layerwise?: boolean;
}

export interface TrainingShape {
  readonly batch: number;
  readonly length: number;
  readonly nTargets: number;
  readonly layerCheckpointing: boolean;
  /** Largest block of logits when trained one layer at a time. */
  readonly logitsBytes?: number;
}

/** What an opened engine holds whatever it runs: the process, weights, gradients with their copies, two moments, and the frozen reference. */
export function estimateStaticBytes(config: ModelConfig, holding: Holding = {}): number {
  const specs = parameterSpecs(config, holding.lora);
  const trained = specs.filter((spec) => spec.trainable);
  return (
    processBytes + bytesOf(specs) + (holding.keepReference === true ? 4 : 3) * bytesOf(trained) + copiedBytes(trained, holding.layerwise ?? false)
  );
}

/** Bytes of the engine's process at the peak of a training step; measured peaks differ by less than a tenth. */
export function estimateTrainingBytes(config: ModelConfig, holding: Holding, shape: TrainingShape): number {
  const model = { config, lora: holding.lora, positions: shape.length };
  const running = holding.layerwise === true ? layerwiseBytes(model, shape) : peakBytes(trainProgram(model, { ...shape, loss: plainLoss() }));
  return estimateStaticBytes(config, holding) + running;
}

/** Bytes that a run of a decode step or of a prefill of `batch` × `length` tokens takes, caches of keys and values not counted. */
export function estimateSamplingBytes(model: ProgramModel, rows: number, capacity: number, prefill: { batch: number; length: number }): number {
  return Math.max(peakBytes(decodeProgram(model, rows, capacity, 'sample')), peakBytes(prefillProgram(model, prefill.batch, prefill.length)));
}

/** Hidden states that enter every layer, beside one layer or one block of the head. */
function layerwiseBytes(model: ProgramModel, { batch, length, nTargets, logitsBytes = defaultLogitsBytes }: TrainingShape): number {
  const { config } = model;
  const hidden = 4 * batch * length * config.hiddenSize;
  const block = Math.min(nTargets, headBlock(config.vocabularySize, logitsBytes));
  return Math.max(
    (config.nLayers + 2) * hidden + peakBytes(layerBackwardProgram(model, batch, length)),
    (config.nLayers + 2) * hidden + peakBytes(headTrainProgram(model, block, plainLoss())),
  );
}

/** Gradients that one run hands out. */
function copiedBytes(trained: readonly ParameterSpec[], layerwise: boolean): number {
  if (!layerwise) return Math.max(bytesOf(trained), largestGarbage);
  const ofLayer = trained.filter(({ name }) => layerOf(name)?.layer === 0);
  const ofHead = trained.filter(({ name }) => name === 'embedding' || name === 'head');
  return Math.max(bytesOf(ofLayer), ...ofHead.map((spec) => bytesOf([spec])), largestGarbage);
}

function bytesOf(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, spec) => sum + 4 * sizeOf(spec.shape), 0);
}

/** The shortest loss there is: what a real one adds is small, as it works on one number a target. */
function plainLoss(): Graph {
  const g = new GraphBuilder();
  return g.finish({ loss: g.sum(g.mul(g.input('weight', 'f32', [1]), g.input('logprobs', 'f32', [1]))) });
}
