/** The graphs that an engine runs, all from the one decoder: prefill, decode step, logprobs, and training with its backward pass. */
import { gradients } from '../graph/autodiff.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Value } from '../graph/ir.ts';
import { accumulate, leavesLast, summands } from '../graph/passes.ts';
import type { ModelConfig } from './config.ts';
import { decodeSequences, decodeStep, headLogits, type DecoderContext, type KeysValues } from './decoder.ts';
import { parameterSpecs, type LoraSpec, type ParameterSpec } from './parameters.ts';

/** The model a program is built for. `positions` rows of rotary tables are fed as `cos` and `sin`. */
export interface ProgramModel {
  readonly config: ModelConfig;
  readonly lora: LoraSpec | undefined;
  readonly positions: number;
  /** Parameters that are fed as f16, each with a scale (`scaleInput`), by their names in the program; none if left out. */
  readonly half?: ReadonlySet<string>;
}

/** The input beside a parameter that is fed as f16: what its values are to be multiplied by. */
export function scaleInput(parameter: string): string {
  return `${parameter}.scale`;
}

/** How tokens leave a decode step: sampled in the graph by inverse CDF, the likeliest, or as logits for the caller. */
export type DecodeMode = 'sample' | 'greedy' | 'logits';

/** Declares the parameters and tables as graph inputs, under their canonical names; those that nothing reads are dropped when the graph is finished. */
export function openModel(g: GraphBuilder, model: ProgramModel): DecoderContext {
  const parameters = new Map<string, Value>();
  const scales = new Map<string, Value>();
  for (const { name, shape } of parameterSpecs(model.config, model.lora)) {
    const isHalf = model.half?.has(name) === true;
    const input = g.input(name, isHalf ? 'f16' : 'f32', shape);
    // Casts stand first in the file: the runtime then makes each just before its product.
    parameters.set(name, isHalf ? g.cast(input, 'f32') : input);
    if (isHalf) scales.set(name, g.input(scaleInput(name), 'f32', []));
  }
  const tableShape = [model.positions, model.config.headDim / 2];
  return {
    g,
    config: model.config,
    lora: model.lora,
    cos: g.input('cos', 'f32', tableShape),
    sin: g.input('sin', 'f32', tableShape),
    parameter(name) {
      const value = parameters.get(name);
      if (value === undefined) throw new Error(`the model has no parameter ${name}`);
      return value;
    },
    scaleOf: (name) => scales.get(name),
  };
}

/** Inputs `tokens` [B, S]; outputs `keys.i` and `values.i` [B, KV, S, hd] of every layer. */
export function prefillProgram(model: ProgramModel, batch: number, length: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, model);
  const { cache } = decodeSequences(c, g.input('tokens', 'i32', [batch, length]), false);
  return g.finish(
    Object.fromEntries(
      cache.flatMap(({ keys, values }, i) => [
        [`keys.${i}`, keys],
        [`values.${i}`, values],
      ]),
    ),
  );
}

/**
 * Inputs `tokens` [B], `positions` [B] (tokens already in each row's cache), `keys.i`, `values.i` [B, KV, C, hd];
 * sampling adds `uniforms` [B, 1] in (0, 1) and `inverseTemperature` [].
 * Outputs `fresh` [B, KV, 2·layers, hd] (keys then values by layer) and, by mode, `next` [B] with `logprobs` [B] (at temperature 1), or `logits` [B, V].
 */
export function decodeProgram(model: ProgramModel, batch: number, capacity: number, mode: DecodeMode): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, model);
  const { nLayers, nKvHeads, headDim } = model.config;
  const tokens = g.input('tokens', 'i32', [batch]);
  const positions = g.input('positions', 'i32', [batch]);
  const cache: KeysValues[] = Array.from({ length: nLayers }, (_, i) => ({
    keys: g.input(`keys.${i}`, 'f32', [batch, nKvHeads, capacity, headDim]),
    values: g.input(`values.${i}`, 'f32', [batch, nKvHeads, capacity, headDim]),
  }));
  const { hidden, fresh } = decodeStep(c, tokens, positions, cache);
  return g.finish({ fresh: stacked(g, fresh), ...nextTokens(c, hidden, mode) });
}

/** Keys and values of one token a row, by layer: [B, KV, 2·layers, hd]. */
export function stacked(g: GraphBuilder, fresh: readonly KeysValues[]): Value {
  return g.concat(
    fresh.flatMap(({ keys, values }) => [keys, values]),
    2,
  );
}

/** What `decodeProgram` says of the token that follows each of the hidden states [B, d]. */
export function nextTokens(c: DecoderContext, hidden: Value, mode: DecodeMode): Record<string, Value> {
  const { g } = c;
  const batch = hidden.shape[0] as number;
  const logits = headLogits(c, hidden);
  if (mode === 'logits') return { logits };
  const next =
    mode === 'greedy' ? g.argMax(logits) : sampleRows(g, logits, g.input('uniforms', 'f32', [batch, 1]), g.input('inverseTemperature', 'f32', []));
  return { next, logprobs: g.pick(g.logSoftmax(logits), next) };
}

/** One token a row by inverse CDF: the number of entries of the running sum that lie below u. */
function sampleRows(g: GraphBuilder, logits: Value, uniforms: Value, inverseTemperature: Value): Value {
  const vocabulary = logits.shape[1] as number;
  const cdf = g.cumSum(g.softmax(g.mul(logits, inverseTemperature)));
  // Scaled by the last entry, which rounding leaves a little off 1: u then always falls inside.
  const threshold = g.mul(uniforms, g.slice(cdf, 1, vocabulary - 1, vocabulary));
  const below = g.reduceSum(g.cast(g.less(cdf, threshold), 'f32'), [1]);
  return g.cast(g.clamp(below, 0, vocabulary - 1), 'i32');
}

/** Inputs `tokens` [B, S], `rows` [T] (index b·S + s of the position that predicts), `targets` [T]; outputs `logprobs` and `entropies` [T]. */
export function logprobProgram(model: ProgramModel, batch: number, length: number, nTargets: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, model);
  const { hidden } = decodeSequences(c, g.input('tokens', 'i32', [batch, length]), false);
  return g.finish({ ...targetStatistics(c, hidden, nTargets) });
}

/** Head on the rows that predict a target only. */
function targetStatistics(c: DecoderContext, hidden: Value, nTargets: number): TargetStatistics {
  const rows = c.g.input('rows', 'i32', [nTargets]);
  return statisticsOf(c, c.g.gatherRows(hidden, rows), c.g.input('targets', 'i32', [nTargets]));
}

/** Each [T]. */
export interface TargetStatistics {
  readonly logprobs: Value;
  readonly entropies: Value;
}

/** Of the distribution that each of the hidden states [T, d] predicts, and of the target [T] that came. */
export function statisticsOf(c: DecoderContext, hidden: Value, targets: Value): TargetStatistics {
  const { g } = c;
  const distribution = g.logSoftmax(headLogits(c, hidden));
  return {
    logprobs: g.pick(distribution, targets),
    // H = −Σ p log p
    entropies: g.neg(g.reduceSum(g.mul(g.exp(distribution), distribution), [1])),
  };
}

export interface TrainProgramOptions {
  readonly batch: number;
  readonly length: number;
  readonly nTargets: number;
  readonly loss: Graph;
  readonly layerCheckpointing: boolean;
}

/** Prefix of the graph inputs that hold a gradient so far, and of the outputs that hold it with this micro-batch added. */
const accumulatorPrefix = 'accumulated:';
export const gradientPrefix = 'gradient:';

/** The parameter that an accumulator or gradient of a training program belongs to; undefined for other inputs and outputs. */
export function accumulatedParameter(name: string): string | undefined {
  return /^(?:accumulated|gradient):([^+]*)/.exec(name)?.[1];
}

/**
 * Inputs as `logprobProgram`, the loss program's own inputs as `loss:<name>` [T], and the accumulators of each trainable parameter: one
 * for each place that the parameter is used in, told apart by `+1`, `+2`, …, so that no place waits for another. They are one buffer,
 * which is also where their outputs go, or the outputs must be added up;
 * outputs `logprobs`, `entropies`, the loss program's outputs as `loss:<name>`, and the accumulated gradients.
 */
export function trainProgram(model: ProgramModel, options: TrainProgramOptions): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, model);
  const { hidden } = decodeSequences(c, g.input('tokens', 'i32', [options.batch, options.length]), options.layerCheckpointing);
  const statistics = targetStatistics(c, hidden, options.nTargets);
  const terms = lossTerms(g, options.loss, statistics);
  const trainable = parameterSpecs(model.config, model.lora).filter((spec) => spec.trainable);
  const derived = gradients(
    g,
    terms['loss:loss'] as Value,
    trainable.map((spec) => c.parameter(spec.name)),
  );
  return leavesLast(g.finish({ ...statistics, ...terms, ...accumulated(g, trainable, derived) }));
}

/** The loss program's outputs as `loss:<name>`; its own inputs become graph inputs under such names. */
export function lossTerms(g: GraphBuilder, loss: Graph, statistics: TargetStatistics): Record<string, Value> {
  const bindings: Record<string, Value> = {};
  for (const { name } of loss.inputs) {
    bindings[name] = name === 'logprobs' || name === 'entropies' ? statistics[name] : g.input(`loss:${name}`, 'f32', statistics.logprobs.shape);
  }
  const terms = g.inline(loss, bindings);
  if (terms['loss'] === undefined) throw new Error('the loss program has no output named loss');
  return Object.fromEntries(Object.entries(terms).map(([name, value]) => [`loss:${name}`, value]));
}

/** The gradients of parameters, each added to its accumulator, as outputs of a training program. */
export function accumulated(g: GraphBuilder, specs: readonly ParameterSpec[], derived: readonly Value[]): Record<string, Value> {
  return Object.fromEntries(
    specs.flatMap((spec, i) =>
      summands(g, derived[i] as Value).map((part, k) => {
        const name = k === 0 ? spec.name : `${spec.name}+${k}`;
        return [gradientPrefix + name, accumulate(g, g.input(accumulatorPrefix + name, 'f32', spec.shape), part)] as const;
      }),
    ),
  );
}
