/** How large a model is and what memory its training will take, before anything is allocated. */
import { sizeOf, type Graph } from '../graph/ir.ts';
import { outputBytes, peakBytes } from '../graph/peakMemory.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { ModelConfig } from './config.ts';
import { headStepProgram, headTrainProgram, layerBackwardProgram, layerOf, layerPrefillProgram, layerStepProgram } from './layerPrograms.ts';
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
  /** Frozen matrices at half precision, widened one layer at a time. */
  readonly half?: boolean;
}

/**
 * The parameters that may be kept at half precision: matrices of layers, which their programs widen, and an embedding that is only looked up.
 * Not a head: what it is widened to is larger than all else, and leaves a hole in the heap that the next time finds occupied.
 */
export function mayBeHalf({ tiedEmbeddings }: ModelConfig): (spec: ParameterSpec) => boolean {
  return ({ name, shape }) => shape.length === 2 && (layerOf(name) !== undefined || (name === 'embedding' && !tiedEmbeddings));
}

/** `ProgramModel.half` of a model whose files store all of those at half precision. */
function halfInLayer(config: ModelConfig): ReadonlySet<string> {
  const names = parameterSpecs(config)
    .filter(mayBeHalf(config))
    .map(({ name }) => layerOf(name)?.inLayer);
  return new Set(names.filter((name) => name !== undefined));
}

export interface TrainingShape {
  readonly batch: number;
  readonly length: number;
  readonly nTargets: number;
  readonly layerCheckpointing: boolean;
  /** Largest block of logits when trained one layer at a time. */
  readonly logitsBytes?: number;
}

/** Weights of the base model. */
export function heldWeightBytes(config: ModelConfig, { half = false }: Pick<Holding, 'half'>): number {
  const specs = parameterSpecs(config);
  return bytesOf(specs) - (half ? bytesOf(specs.filter(mayBeHalf(config))) / 2 : 0);
}

/** What an opened engine holds whatever it runs: the process, weights, gradients, two moments, and the frozen reference. */
export function estimateStaticBytes(config: ModelConfig, holding: Holding = {}): number {
  const trained = bytesOf(parameterSpecs(config, holding.lora).filter((spec) => spec.trainable));
  const adapter = holding.lora === undefined ? 0 : trained;
  return processBytes + heldWeightBytes(config, holding) + adapter + (holding.keepReference === true ? 4 : 3) * trained;
}

/** Bytes of the engine's process at the peak of a training step; measured peaks differ by less than a tenth. */
export function estimateTrainingBytes(config: ModelConfig, holding: Holding, shape: TrainingShape): number {
  const model = { config, lora: holding.lora, positions: shape.length, ...(holding.half === true ? { half: halfInLayer(config) } : {}) };
  const running = holding.layerwise === true ? layerwiseBytes(model, shape) : runBytes(trainProgram(model, { ...shape, loss: plainLoss() }));
  return estimateStaticBytes(config, holding) + running;
}

/** Bytes that a run takes at its peak, the copies that it gives out included: they are collected after each run, or when they come to a few. */
export function runBytes(program: Graph): number {
  return peakBytes(program) + Math.max(outputBytes(program), largestGarbage);
}

/** Bytes that a decode step or a prefill of `batch` × `length` tokens takes; caches are not counted. */
export function estimateSamplingBytes(
  model: ProgramModel,
  rows: number,
  capacity: number,
  { batch, length, half = false }: { readonly batch: number; readonly length: number; readonly half?: boolean },
): number {
  if (half) {
    const own = { ...model, half: halfInLayer(model.config) };
    const programs = [layerStepProgram(own, rows, capacity), headStepProgram(own, rows, 'sample'), layerPrefillProgram(own, batch, length)];
    return Math.max(...programs.map(runBytes));
  }
  return Math.max(runBytes(decodeProgram(model, rows, capacity, 'sample')), runBytes(prefillProgram(model, batch, length)));
}

/** Hidden states that enter every layer, beside one layer or one block of the head. */
function layerwiseBytes(model: ProgramModel, { batch, length, nTargets, logitsBytes = defaultLogitsBytes }: TrainingShape): number {
  const { config } = model;
  const block = Math.min(nTargets, headBlock(config.vocabularySize, logitsBytes));
  const entering = 4 * batch * length * config.hiddenSize * (config.nLayers + 1);
  return entering + Math.max(runBytes(layerBackwardProgram(model, batch, length)), runBytes(headTrainProgram(model, block, plainLoss())));
}

function bytesOf(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, spec) => sum + 4 * sizeOf(spec.shape), 0);
}

/** The shortest loss there is: what a real one adds is small, as it works on one number a target. */
function plainLoss(): Graph {
  const g = new GraphBuilder();
  return g.finish({ loss: g.sum(g.mul(g.input('weight', 'f32', [1]), g.input('logprobs', 'f32', [1]))) });
}
