/** A micro-batch through one graph of the whole model: the fastest way as long as its activations fit. */
import { accumulatedParameter, logprobProgram, trainProgram, type ProgramModel } from '../../models/programs.ts';
import { buffersOf, runAccumulating } from './accumulating.ts';
import { rowBucket } from './buckets.ts';
import type { MicroBatchRunner, PackedBatch, TargetNumbers } from './microBatches.ts';
import { allFinite, notFiniteError } from './nonFinite.ts';
import { letCopiesGo, runProgram, Tensor, type ProgramCache } from './session.ts';
import type { TrainableParameter } from './weights.ts';

export interface WholeGraphModel {
  readonly program: ProgramModel;
  readonly programs: ProgramCache;
  /** Parameters and tables as graph inputs. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly trainable: readonly TrainableParameter[];
  /** Largest padded micro-batch. 1–2k tokens are fastest: their activations fit the processor's cache. */
  readonly maxTokens: number;
  readonly layerCheckpointing: boolean;
}

export function wholeGraphRunner(model: WholeGraphModel): MicroBatchRunner {
  const gradients = new Map(model.trainable.map(({ spec, gradientTensor }) => [spec.name, gradientTensor]));
  const gradientBytes = model.trainable.reduce((sum, { gradient }) => sum + gradient.byteLength, 0);
  return {
    positions: model.program.positions,
    maxTokens: model.maxTokens,
    // Few target counts mean few sessions, so where the head is a small part of the work (small vocabulary) every count is the largest.
    targetsFor(count, tokens) {
      const { config } = model.program;
      const headShare = config.vocabularySize / (config.nLayers * (4 * config.hiddenSize + 3 * config.intermediateSize));
      return headShare < 0.1 ? tokens : Math.min(tokens, rowBucket(Math.max(1, count)));
    },

    async forward(packed) {
      const { batch, length } = packed;
      const nTargets = packed.targets.length;
      const program = await model.programs.get(`Logprobs of ${batch} × ${length} tokens`, `${nTargets}`, () =>
        logprobProgram(model.program, batch, length, nTargets),
      );
      const feeds = { ...model.feeds, ...feedsOf(packed) };
      const numbers = numbersOf(await runProgram(program, feeds));
      if (!allFinite(numbers.logprobs) || !allFinite(numbers.entropies)) throw await notFiniteError(program, feeds);
      return numbers;
    },

    async forwardBackward(packed, loss, inputs) {
      const { batch, length } = packed;
      const nTargets = packed.targets.length;
      const { layerCheckpointing } = model;
      const variant = `${nTargets} ${layerCheckpointing} ${JSON.stringify(loss)}`;
      const program = await model.programs.get(`Training on ${batch} × ${length} tokens`, variant, () =>
        trainProgram(model.program, { batch, length, nTargets, loss, layerCheckpointing }),
      );
      const feeds = { ...model.feeds, ...feedsOf(packed), ...lossFeeds(inputs) };
      const outputs = await runAccumulating(program, feeds, gradients);
      letCopiesGo(gradientBytes);
      const terms = termsOf(outputs);
      if (!Number.isFinite(terms['loss'])) {
        const fed = { ...feeds, ...buffersOf(program.session.inputNames, gradients) };
        throw await notFiniteError(program, fed, (input) => accumulatedParameter(input) !== undefined);
      }
      return { ...numbersOf(outputs), terms };
    },
  };
}

function feedsOf({ batch, length, tokens, rows, targets }: PackedBatch): Record<string, Tensor> {
  return {
    tokens: new Tensor('int32', tokens, [batch, length]),
    rows: new Tensor('int32', rows, [rows.length]),
    targets: new Tensor('int32', targets, [targets.length]),
  };
}

/** The loss program's own inputs as graph inputs. */
export function lossFeeds(inputs: Readonly<Record<string, Float32Array>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).map(([name, values]) => [`loss:${name}`, new Tensor('float32', values, [values.length])]));
}

export function numbersOf(outputs: Readonly<Record<string, Tensor>>): TargetNumbers {
  return { logprobs: (outputs['logprobs'] as Tensor).data as Float32Array, entropies: (outputs['entropies'] as Tensor).data as Float32Array };
}

/** The loss program's outputs by name. */
export function termsOf(outputs: Readonly<Record<string, Tensor>>): Record<string, number> {
  const prefix = 'loss:';
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, { data }]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), (data as Float32Array)[0] as number]] : [],
    ),
  );
}
