/** Forward and forward-backward over many sequences: packs them into padded micro-batches, runs them, and gives each sequence its part back. */
import { logprobProgram, trainProgram, accumulatedParameter, type ProgramModel } from '../../models/programs.ts';
import type { CallOptions, ForwardBackwardResult, ForwardResult, ForwardSequence, LossProgram, TrainSequence } from '../contract.ts';
import { packMicroBatches, rowBucket, type MicroBatch } from './buckets.ts';
import { notFiniteError } from './nonFinite.ts';
import { letCopiesGo, runProgram, Tensor, type CompiledProgram, type ProgramCache } from './session.ts';
import type { TrainableParameter } from './weights.ts';

export interface BatchModel {
  readonly program: ProgramModel;
  readonly programs: ProgramCache;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Largest padded micro-batch. 1–2k tokens are fastest: their activations fit the processor's cache. */
  readonly maxTokens: number;
}

interface Placed {
  readonly sequence: number;
  /** Where its targets start among the micro-batch's. */
  readonly start: number;
}

/** A micro-batch as graph inputs. */
interface Packed {
  readonly batch: MicroBatch;
  readonly nTargets: number;
  readonly placed: readonly Placed[];
  readonly feeds: Record<string, Tensor>;
}

/** Logprobs and entropies of every target. Throws `engine.notFinite` when one is not finite. */
export async function forwardSequences(model: BatchModel, sequences: readonly ForwardSequence[], options: CallOptions = {}): Promise<ForwardResult> {
  const logprobs: Float32Array[] = sequences.map((sequence) => new Float32Array(sequence.targets.length));
  const entropies: Float32Array[] = sequences.map((sequence) => new Float32Array(sequence.targets.length));
  let done = 0;
  for (const packed of packAll(model, sequences)) {
    options.signal?.throwIfAborted();
    const { batch, length } = packed.batch;
    const program = await model.programs.get(`Logprobs of ${batch} × ${length} tokens`, `${packed.nTargets}`, () =>
      logprobProgram(model.program, batch, length, packed.nTargets),
    );
    const feeds = { ...model.feeds, ...packed.feeds };
    const outputs = await runProgram(program, feeds);
    const isFinite = [unpack(packed, outputs['logprobs'] as Tensor, logprobs), unpack(packed, outputs['entropies'] as Tensor, entropies)];
    if (isFinite.includes(false)) throw await notFiniteError(program.graph, feeds);
    options.onProgress?.((done += packed.placed.length));
  }
  return { logprobs, entropies };
}

export interface TrainModel extends BatchModel {
  readonly trainable: readonly TrainableParameter[];
  readonly layerCheckpointing: boolean;
}

/** Adds the loss's gradient to each parameter's accumulator. Throws `engine.notFinite` when the loss is not finite. */
export async function forwardBackwardSequences(
  model: TrainModel,
  sequences: readonly TrainSequence[],
  loss: LossProgram,
  options: CallOptions = {},
): Promise<ForwardBackwardResult> {
  const logprobs: Float32Array[] = sequences.map((sequence) => new Float32Array(sequence.targets.length));
  const entropies: Float32Array[] = sequences.map((sequence) => new Float32Array(sequence.targets.length));
  const lossKey = JSON.stringify(loss);
  const lossInputs = loss.inputs.map(({ name }) => name).filter((name) => name !== 'logprobs' && name !== 'entropies');
  const gradients = new Map(model.trainable.map(({ spec, gradientTensor }) => [spec.name, gradientTensor]));
  const gradientBytes = model.trainable.reduce((sum, { gradient }) => sum + gradient.byteLength, 0);
  const totals: Record<string, number> = {};
  let done = 0;
  for (const packed of packAll(model, sequences)) {
    options.signal?.throwIfAborted();
    const { batch, length } = packed.batch;
    for (const name of lossInputs) packed.feeds[`loss:${name}`] = new Tensor('float32', gatherInput(packed, sequences, name), [packed.nTargets]);
    const { layerCheckpointing } = model;
    const program = await model.programs.get(`Training on ${batch} × ${length} tokens`, `${packed.nTargets} ${layerCheckpointing} ${lossKey}`, () =>
      trainProgram(model.program, { batch, length, nTargets: packed.nTargets, loss, layerCheckpointing }),
    );
    const feeds = { ...model.feeds, ...packed.feeds };
    const outputs = await runAccumulating(program, feeds, gradients);
    letCopiesGo(gradientBytes);
    for (const { name } of loss.outputs) totals[name] = (totals[name] ?? 0) + Number(((outputs[`loss:${name}`] as Tensor).data as Float32Array)[0]);
    if (!Number.isFinite(totals['loss'])) {
      const fed = { ...feeds, ...buffersOf(program.session.inputNames, gradients) };
      throw await notFiniteError(program.graph, fed, (input) => accumulatedParameter(input) !== undefined);
    }
    unpack(packed, outputs['logprobs'] as Tensor, logprobs);
    unpack(packed, outputs['entropies'] as Tensor, entropies);
    options.onProgress?.((done += packed.placed.length));
  }
  const { loss: lossTotal = 0, ...metrics } = totals;
  return { loss: lossTotal, metrics, logprobs, entropies, tokens: sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0) };
}

/**
 * Runs a training program; every gradient is added into its parameter's buffer, which is read and written by one node after the other
 * (`test/backend/engine/accumulation.test.ts` and `selfCheck.ts` hold the runtime to that). Gives back the other outputs.
 */
export async function runAccumulating(
  program: CompiledProgram,
  feeds: Readonly<Record<string, Tensor>>,
  gradients: ReadonlyMap<string, Tensor>,
): Promise<Record<string, Tensor>> {
  const { inputNames, outputNames } = program.session;
  const results = buffersOf(outputNames, gradients);
  const fetches = { ...Object.fromEntries(outputNames.map((name) => [name, null])), ...results };
  const outputs = await runProgram(program, { ...feeds, ...buffersOf(inputNames, gradients) }, fetches);
  return Object.fromEntries(Object.entries(outputs).filter(([name]) => !(name in results)));
}

/** The buffers of those inputs or outputs that are accumulators. */
function buffersOf(names: readonly string[], gradients: ReadonlyMap<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const buffer = gradients.get(accumulatedParameter(name) ?? '');
      return buffer === undefined ? [] : [[name, buffer] as const];
    }),
  );
}

function packAll(model: BatchModel, sequences: readonly ForwardSequence[]): Packed[] {
  // The last token of a sequence predicts nothing, so it need not go through the network.
  const lengths = sequences.map((sequence) => Math.max(1, sequence.tokens.length - 1));
  return packMicroBatches(lengths, model.maxTokens, model.program.positions).map((batch) => packOne(model, batch, sequences));
}

function packOne(model: BatchModel, batch: MicroBatch, sequences: readonly ForwardSequence[]): Packed {
  const members = batch.members.map((sequence) => ({ sequence, data: sequences[sequence] as ForwardSequence }));
  const count = members.reduce((sum, { data }) => sum + data.targets.length, 0);
  const nTargets = targetBucket(model.program, count, batch.batch * batch.length);
  const tokens = new Int32Array(batch.batch * batch.length);
  const rows = new Int32Array(nTargets);
  const targets = new Int32Array(nTargets);
  const placed: Placed[] = [];
  let at = 0;
  members.forEach(({ sequence, data }, b) => {
    tokens.set(data.tokens.subarray(0, Math.min(batch.length, data.tokens.length - 1 || 1)), b * batch.length);
    placed.push({ sequence, start: at });
    for (const target of data.targets) {
      rows[at] = b * batch.length + target - 1;
      targets[at++] = data.tokens[target] as number;
    }
  });
  return {
    batch,
    nTargets,
    placed,
    feeds: {
      tokens: new Tensor('int32', tokens, [batch.batch, batch.length]),
      rows: new Tensor('int32', rows, [nTargets]),
      targets: new Tensor('int32', targets, [nTargets]),
    },
  };
}

/** Few target counts mean few sessions, so where the head is a small part of the work (small vocabulary) every count is the largest. */
function targetBucket({ config }: ProgramModel, count: number, tokens: number): number {
  const headShare = config.vocabularySize / (config.nLayers * (4 * config.hiddenSize + 3 * config.intermediateSize));
  return headShare < 0.1 ? tokens : Math.min(tokens, rowBucket(Math.max(1, count)));
}

function gatherInput(packed: Packed, sequences: readonly TrainSequence[], name: string): Float32Array {
  const gathered = new Float32Array(packed.nTargets);
  for (const { sequence, start } of packed.placed) {
    const values = (sequences[sequence] as TrainSequence).inputs[name];
    if (values === undefined) throw new Error(`sequence ${sequence} lacks the loss input ${name}`);
    const { length } = (sequences[sequence] as TrainSequence).targets;
    if (values.length !== length) throw new Error(`sequence ${sequence} has ${length} targets and ${values.length} values of the loss input ${name}`);
    gathered.set(values, start);
  }
  return gathered;
}

/** Gives each sequence its part; false if a number in it is not finite. */
function unpack(packed: Packed, output: Tensor, into: readonly Float32Array[]): boolean {
  const values = output.data as Float32Array;
  let isFinite = true;
  for (const { sequence, start } of packed.placed) {
    const own = into[sequence] as Float32Array;
    own.set(values.subarray(start, start + own.length));
    isFinite &&= own.every((value) => Number.isFinite(value));
  }
  return isFinite;
}
