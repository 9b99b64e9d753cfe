/** Forward and forward-backward over many sequences: packs them into padded micro-batches, has them run, and gives each sequence its part back. */
import type { CallOptions, ForwardBackwardResult, ForwardResult, ForwardSequence, LossProgram, TrainSequence } from '../contract.ts';
import { packMicroBatches, type MicroBatch } from './buckets.ts';

/** A micro-batch as flat arrays. */
export interface PackedBatch {
  readonly batch: number;
  readonly length: number;
  /** [batch · length], right-padded. */
  readonly tokens: Int32Array;
  /** [T]: index of the position that predicts, and what came. The last may be padding: the first position again. */
  readonly rows: Int32Array;
  readonly targets: Int32Array;
}

/** Each [T]. */
export interface TargetNumbers {
  readonly logprobs: Float32Array;
  readonly entropies: Float32Array;
}

/**
 * How a micro-batch goes through the model: as one graph (`wholeGraph.ts`) or layer by layer (`layerwise.ts`). Both throw
 * `engine.notFinite` when a logprob, an entropy or the loss is not finite.
 */
export interface MicroBatchRunner {
  /** Padded positions of the model, and of one micro-batch. */
  readonly positions: number;
  readonly maxTokens: number;
  /** Targets to prepare a micro-batch of so many tokens for, at least `count`. */
  targetsFor(count: number, tokens: number): number;
  forward(packed: PackedBatch, signal: AbortSignal | undefined): Promise<TargetNumbers>;
  /** Adds the gradients to their buffers. `inputs` are the loss program's own, each [T] and 0 where there is padding; `terms` are its outputs. */
  forwardBackward(
    packed: PackedBatch,
    loss: LossProgram,
    inputs: Readonly<Record<string, Float32Array>>,
    signal: AbortSignal | undefined,
  ): Promise<TargetNumbers & { readonly terms: Readonly<Record<string, number>> }>;
}

interface Placed {
  readonly sequence: number;
  /** Where its targets start among the micro-batch's. */
  readonly start: number;
}

interface PlacedBatch extends PackedBatch {
  readonly placed: readonly Placed[];
}

/** Logprobs and entropies of every target. */
export async function forwardSequences(
  runner: MicroBatchRunner,
  sequences: readonly ForwardSequence[],
  options: CallOptions = {},
): Promise<ForwardResult> {
  const { logprobs, entropies } = emptyResults(sequences);
  let done = 0;
  for (const packed of packAll(runner, sequences)) {
    options.signal?.throwIfAborted();
    const numbers = await runner.forward(packed, options.signal);
    unpack(packed, numbers.logprobs, logprobs);
    unpack(packed, numbers.entropies, entropies);
    options.onProgress?.((done += packed.placed.length));
  }
  return { logprobs, entropies };
}

/** Adds the loss's gradient to each parameter's accumulator. */
export async function forwardBackwardSequences(
  runner: MicroBatchRunner,
  sequences: readonly TrainSequence[],
  loss: LossProgram,
  options: CallOptions = {},
): Promise<ForwardBackwardResult> {
  const { logprobs, entropies } = emptyResults(sequences);
  const inputNames = loss.inputs.map(({ name }) => name).filter((name) => name !== 'logprobs' && name !== 'entropies');
  const totals: Record<string, number> = {};
  let done = 0;
  for (const packed of packAll(runner, sequences)) {
    options.signal?.throwIfAborted();
    const inputs = Object.fromEntries(inputNames.map((name) => [name, gatherInput(packed, sequences, name)]));
    const { terms, ...numbers } = await runner.forwardBackward(packed, loss, inputs, options.signal);
    for (const [name, value] of Object.entries(terms)) totals[name] = (totals[name] ?? 0) + value;
    unpack(packed, numbers.logprobs, logprobs);
    unpack(packed, numbers.entropies, entropies);
    options.onProgress?.((done += packed.placed.length));
  }
  const { loss: lossTotal = 0, ...metrics } = totals;
  return { loss: lossTotal, metrics, logprobs, entropies, tokens: sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0) };
}

function emptyResults(sequences: readonly ForwardSequence[]): { logprobs: Float32Array[]; entropies: Float32Array[] } {
  const empty = (): Float32Array[] => sequences.map((sequence) => new Float32Array(sequence.targets.length));
  return { logprobs: empty(), entropies: empty() };
}

function packAll(runner: MicroBatchRunner, sequences: readonly ForwardSequence[]): PlacedBatch[] {
  // The last token of a sequence predicts nothing, so it need not go through the network.
  const lengths = sequences.map((sequence) => Math.max(1, sequence.tokens.length - 1));
  return packMicroBatches(lengths, runner.maxTokens, runner.positions).map((batch) => packOne(runner, batch, sequences));
}

function packOne(runner: MicroBatchRunner, { members, batch, length }: MicroBatch, sequences: readonly ForwardSequence[]): PlacedBatch {
  const present = members.map((sequence) => ({ sequence, data: sequences[sequence] as ForwardSequence }));
  const count = present.reduce((sum, { data }) => sum + data.targets.length, 0);
  const nTargets = runner.targetsFor(count, batch * length);
  const tokens = new Int32Array(batch * length);
  const rows = new Int32Array(nTargets);
  const targets = new Int32Array(nTargets);
  const placed: Placed[] = [];
  let at = 0;
  present.forEach(({ sequence, data }, b) => {
    tokens.set(data.tokens.subarray(0, Math.min(length, data.tokens.length - 1 || 1)), b * length);
    placed.push({ sequence, start: at });
    for (const target of data.targets) {
      rows[at] = b * length + target - 1;
      targets[at++] = data.tokens[target] as number;
    }
  });
  return { batch, length, tokens, rows, targets, placed };
}

function gatherInput(packed: PlacedBatch, sequences: readonly TrainSequence[], name: string): Float32Array {
  const gathered = new Float32Array(packed.targets.length);
  for (const { sequence, start } of packed.placed) {
    const values = (sequences[sequence] as TrainSequence).inputs[name];
    if (values === undefined) throw new Error(`sequence ${sequence} lacks the loss input ${name}`);
    const { length } = (sequences[sequence] as TrainSequence).targets;
    if (values.length !== length) throw new Error(`sequence ${sequence} has ${length} targets and ${values.length} values of the loss input ${name}`);
    gathered.set(values, start);
  }
  return gathered;
}

/** Gives each sequence its part. */
function unpack(packed: PlacedBatch, values: Float32Array, into: readonly Float32Array[]): void {
  for (const { sequence, start } of packed.placed) {
    const own = into[sequence] as Float32Array;
    own.set(values.subarray(start, start + own.length));
  }
}
