/**
 * A micro-batch through the model one layer at a time, and through the head a block of targets at a time: what a run holds is one layer,
 * one block of logits and the hidden states that enter each layer, whatever the depth and the vocabulary. The backward pass computes each
 * layer again, which is the price of layer checkpointing.
 */
import { accumulatedParameter, type ProgramModel } from '../../models/programs.ts';
import { headForwardProgram, headTrainProgram, layerBackwardProgram, layerForwardProgram, layerOf } from '../../models/layerPrograms.ts';
import { headBlock } from '../../models/estimate.ts';
import type { LossProgram } from '../contract.ts';
import { buffersOf, runAccumulating } from './accumulating.ts';
import { rowBucket } from './buckets.ts';
import type { MicroBatchRunner, PackedBatch, TargetNumbers } from './microBatches.ts';
import { allFinite, notFiniteError } from './nonFinite.ts';
import { letCopiesGo, runProgram, Tensor, type CompiledProgram, type ProgramCache } from './session.ts';
import type { TrainableParameter } from './weights.ts';
import { lossFeeds, numbersOf, termsOf } from './wholeGraph.ts';

/** What goes into the programs of one layer. */
export interface LayerFeeds {
  /** A layer's parameters under the names of layer 0. */
  readonly layerFeeds: (layer: number) => Readonly<Record<string, Tensor>>;
  /** Rows of the embedding, [tokens, d]. */
  readonly embed: (tokens: Int32Array) => Float32Array;
}

export interface LayerwiseModel extends LayerFeeds {
  readonly program: ProgramModel;
  readonly programs: ProgramCache;
  /** Parameters outside of layers as graph inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly trainable: readonly TrainableParameter[];
  readonly maxTokens: number;
  /** Largest block of logits, in bytes. */
  readonly logitsBytes: number;
}

/** Hidden states [N, d]. */
type Hidden = Float32Array;

export function layerwiseRunner(model: LayerwiseModel): MicroBatchRunner {
  return {
    positions: model.program.positions,
    maxTokens: model.maxTokens,
    targetsFor: (count) => count,
    async forward(packed, signal) {
      let hidden = model.embed(packed.tokens);
      for (let layer = 0; layer < model.program.config.nLayers; layer++) {
        signal?.throwIfAborted();
        hidden = await layerForward(model, packed, layer, hidden);
        letCopiesGo(hidden.byteLength);
      }
      return headForward(model, packed, hidden);
    },
    async forwardBackward(packed, loss, inputs, signal) {
      const entering = [model.embed(packed.tokens)];
      for (let layer = 0; layer < model.program.config.nLayers; layer++) {
        signal?.throwIfAborted();
        entering.push(await layerForward(model, packed, layer, entering[layer] as Hidden));
      }
      const { passed, ...result } = await headTrain(model, packed, entering.pop() as Hidden, loss, inputs);
      let arriving = passed;
      for (let layer = entering.length - 1; layer >= 0; layer--) {
        signal?.throwIfAborted();
        arriving = await layerBackward(model, packed, layer, entering.pop() as Hidden, arriving);
      }
      const embedding = model.trainable.find(({ spec }) => spec.name === 'embedding');
      if (embedding !== undefined) addRows(embedding.gradient, packed.tokens, arriving, model.program.config.hiddenSize);
      return result;
    },
  };
}

async function layerForward(model: LayerwiseModel, { batch, length }: PackedBatch, layer: number, entering: Hidden): Promise<Hidden> {
  const program = await model.programs.get(`A layer over ${batch} × ${length} tokens`, '', () => layerForwardProgram(model.program, batch, length));
  const feeds = { ...model.layerFeeds(layer), entering: hiddenTensor(model, entering) };
  const leaving = ((await runProgram(program, feeds))['leaving'] as Tensor).data as Hidden;
  if (!allFinite(leaving)) throw await notFiniteError(program, feeds, undefined, (name) => nameInModel(name, layer));
  return leaving;
}

/** Gives the gradient at what enters the layer. */
async function layerBackward(
  model: LayerwiseModel,
  { batch, length }: PackedBatch,
  layer: number,
  entering: Hidden,
  arriving: Hidden,
): Promise<Hidden> {
  const program = await model.programs.get(`Training a layer on ${batch} × ${length} tokens`, '', () =>
    layerBackwardProgram(model.program, batch, length),
  );
  const feeds = { ...model.layerFeeds(layer), entering: hiddenTensor(model, entering), arriving: hiddenTensor(model, arriving) };
  const own = model.trainable.flatMap((parameter) => {
    const place = layerOf(parameter.spec.name);
    return place?.layer === layer ? [{ ...parameter, name: place.inLayer }] : [];
  });
  const outputs = await runAccumulating(program, feeds, new Map(own.map(({ name, gradientTensor }) => [name, gradientTensor])));
  letCopiesGo(own.reduce((sum, { gradient }) => sum + gradient.byteLength, entering.byteLength));
  return (outputs['passed'] as Tensor).data as Hidden;
}

async function headForward(model: LayerwiseModel, packed: PackedBatch, hidden: Hidden): Promise<TargetNumbers> {
  const numbers = emptyNumbers(packed.rows.length);
  for (const block of blocksOf(model, packed)) {
    const program = await model.programs.get(`Logprobs of ${block.size} targets`, '', () => headForwardProgram(model.program, block.size));
    const feeds = { ...model.feeds, ...blockFeeds(model, block, packed, hidden) };
    const own = numbersOf(await runProgram(program, feeds));
    if (!allFinite(own.logprobs) || !allFinite(own.entropies)) throw await notFiniteError(program, feeds);
    store(block, own, numbers);
  }
  return numbers;
}

/** `passed` is the gradient at `hidden`. */
async function headTrain(
  model: LayerwiseModel,
  packed: PackedBatch,
  hidden: Hidden,
  loss: LossProgram,
  inputs: Readonly<Record<string, Float32Array>>,
): Promise<TargetNumbers & { readonly terms: Record<string, number>; readonly passed: Hidden }> {
  const numbers = emptyNumbers(packed.rows.length);
  const terms: Record<string, number> = {};
  const passed = new Float32Array(hidden.length);
  const own = model.trainable.filter(({ spec }) => layerOf(spec.name) === undefined);
  const gradients = new Map(own.map(({ spec, gradientTensor }) => [spec.name, gradientTensor]));
  for (const block of blocksOf(model, packed)) {
    const program = await model.programs.get(`Training the head on ${block.size} targets`, JSON.stringify(loss), () =>
      headTrainProgram(model.program, block.size, loss),
    );
    const blockInputs = Object.fromEntries(Object.entries(inputs).map(([name, values]) => [name, padded(block, values)]));
    const feeds = { ...model.feeds, ...blockFeeds(model, block, packed, hidden), ...lossFeeds(blockInputs) };
    const outputs = await runAccumulating(program, feeds, gradients);
    letCopiesGo(own.reduce((sum, { gradient }) => sum + gradient.byteLength, 0));
    for (const [name, value] of Object.entries(termsOf(outputs))) terms[name] = (terms[name] ?? 0) + value;
    if (!Number.isFinite(terms['loss'])) throw await headError(program, feeds, gradients);
    store(block, numbersOf(outputs), numbers);
    const rows = packed.rows.subarray(block.start, block.end);
    addRows(passed, rows, (outputs['passed'] as Tensor).data as Hidden, model.program.config.hiddenSize);
  }
  return { ...numbers, terms, passed };
}

function headError(program: CompiledProgram, feeds: Readonly<Record<string, Tensor>>, gradients: ReadonlyMap<string, Tensor>): Promise<Error> {
  const fed = { ...feeds, ...buffersOf(program.session.inputNames, gradients) };
  return notFiniteError(program, fed, (input) => accumulatedParameter(input) !== undefined);
}

/** Targets [start, end), run as `size` rows of which the last may be padding. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

function blocksOf({ program, logitsBytes }: LayerwiseModel, { rows }: PackedBatch): Block[] {
  const largest = headBlock(program.config.vocabularySize, logitsBytes);
  return Array.from({ length: Math.ceil(rows.length / largest) }, (_, i) => {
    const start = i * largest;
    const end = Math.min(start + largest, rows.length);
    return { start, end, size: Math.min(largest, rowBucket(end - start)) };
  });
}

function blockFeeds(model: LayerwiseModel, block: Block, { rows, targets }: PackedBatch, hidden: Hidden): Record<string, Tensor> {
  const { hiddenSize } = model.program.config;
  const own = new Float32Array(block.size * hiddenSize);
  for (let i = block.start; i < block.end; i++) {
    const row = rows[i] as number;
    own.set(hidden.subarray(row * hiddenSize, (row + 1) * hiddenSize), (i - block.start) * hiddenSize);
  }
  const ids = new Int32Array(block.size);
  ids.set(targets.subarray(block.start, block.end));
  return { hidden: hiddenTensor(model, own), targets: new Tensor('int32', ids, [block.size]) };
}

function padded({ start, end, size }: Block, values: Float32Array): Float32Array {
  const own = new Float32Array(size);
  own.set(values.subarray(start, end));
  return own;
}

function store({ start, end }: Block, own: TargetNumbers, into: TargetNumbers): void {
  into.logprobs.set(own.logprobs.subarray(0, end - start), start);
  into.entropies.set(own.entropies.subarray(0, end - start), start);
}

function emptyNumbers(count: number): TargetNumbers {
  return { logprobs: new Float32Array(count), entropies: new Float32Array(count) };
}

/** into[rows[i]] += from[i]. */
function addRows(into: Float32Array, rows: Int32Array, from: Float32Array, width: number): void {
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < width; k++) into[row * width + k] = (into[row * width + k] as number) + (from[i * width + k] as number);
  }
}

export function hiddenTensor({ program }: { readonly program: ProgramModel }, hidden: Hidden): Tensor {
  const { hiddenSize } = program.config;
  return new Tensor('float32', hidden, [hidden.length / hiddenSize, hiddenSize]);
}

/** `layers.0.down.weight`, run as layer 7, is `layers.7.down.weight` to people. */
export function nameInModel(name: string, layer: number): string {
  return name.replace(/^layers\.0\./, `layers.${layer}.`);
}
