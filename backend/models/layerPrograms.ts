/**
 * The parts of a model that is run one layer at a time: a layer forward, a layer backward, and the head on a block of rows.
 * One program serves every layer, with that layer's parameters fed under the names of layer 0, so what is compiled, and what a run holds,
 * is one layer whatever the depth. Rows of the embedding are looked up by the caller: a product would need a table of zeros as large.
 */
import { pullBack, gradients } from '../graph/autodiff.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Graph, Value } from '../graph/ir.ts';
import { leavesLast } from '../graph/passes.ts';
import { layersOverCache, layersOverSequences } from './decoder.ts';
import { parameterSpecs, type ParameterSpec } from './parameters.ts';
import { accumulated, lossTerms, nextTokens, openModel, stacked, statisticsOf, type DecodeMode, type ProgramModel } from './programs.ts';

/** The layer that a parameter belongs to, and its name in the programs of this file; undefined outside of layers. */
export function layerOf(name: string): { readonly layer: number; readonly inLayer: string } | undefined {
  const [, layer, rest] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
  return layer === undefined || rest === undefined ? undefined : { layer: Number(layer), inLayer: `layers.0.${rest}` };
}

/** A model of one layer: what the programs of this file are built from. */
function oneLayer(model: ProgramModel): ProgramModel {
  return { ...model, config: { ...model.config, nLayers: 1 } };
}

/** Inputs `entering` [B·S, d] and the parameters of a layer; output `leaving` [B·S, d]. */
export function layerForwardProgram(model: ProgramModel, batch: number, length: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const entering = g.input('entering', 'f32', [batch * length, model.config.hiddenSize]);
  return g.finish({ leaving: layersOverSequences(c, batch, length)(entering, 0).hidden });
}

/** As `layerForwardProgram`, with outputs `keys` and `values` [B, KV, S, hd] too. */
export function layerPrefillProgram(model: ProgramModel, batch: number, length: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const entering = g.input('entering', 'f32', [batch * length, model.config.hiddenSize]);
  const { hidden, own } = layersOverSequences(c, batch, length)(entering, 0);
  return g.finish({ leaving: hidden, keys: own.keys, values: own.values });
}

/**
 * Inputs `entering` [B, d], `positions` [B], the layer's `keys` and `values` [B, KV, C, hd] and its parameters; outputs `leaving` [B, d] and
 * `fresh` [B, KV, 2, hd], the new token's keys and values.
 */
export function layerStepProgram(model: ProgramModel, batch: number, capacity: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const { hiddenSize, nKvHeads, headDim } = model.config;
  const entering = g.input('entering', 'f32', [batch, hiddenSize]);
  const [keys, values] = [
    g.input('keys', 'f32', [batch, nKvHeads, capacity, headDim]),
    g.input('values', 'f32', [batch, nKvHeads, capacity, headDim]),
  ];
  const { hidden, own } = layersOverCache(c, g.input('positions', 'i32', [batch]), [{ keys, values }])(entering, 0);
  return g.finish({ leaving: hidden, fresh: stacked(g, [own]) });
}

/** Input `hidden` [B, d], the rest as in `decodeProgram`. */
export function headStepProgram(model: ProgramModel, batch: number, mode: DecodeMode): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  return g.finish(nextTokens(c, g.input('hidden', 'f32', [batch, model.config.hiddenSize]), mode));
}

/**
 * Runs the layer again and differentiates it. Inputs `entering` and `arriving` [B·S, d], the gradient at what leaves the layer, the
 * layer's parameters and accumulators as in `trainProgram`; outputs `passed` [B·S, d], the gradient at what enters, and the accumulated gradients.
 */
export function layerBackwardProgram(model: ProgramModel, batch: number, length: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const shape = [batch * length, model.config.hiddenSize];
  const [entering, arriving] = [g.input('entering', 'f32', shape), g.input('arriving', 'f32', shape)];
  const { hidden } = layersOverSequences(c, batch, length)(entering, 0);
  const trained = trainedIn(model, (name) => layerOf(name) !== undefined);
  const [passed, ...derived] = pullBack(g, hidden, arriving, [entering, ...trained.map((spec) => c.parameter(spec.name))]) as [Value, ...Value[]];
  return leavesLast(g.finish({ passed, ...accumulated(g, trained, derived) }));
}

/** Inputs `hidden` [T, d], `targets` [T] and the parameters of the head; outputs `logprobs` and `entropies` [T]. */
export function headForwardProgram(model: ProgramModel, nTargets: number): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const hidden = g.input('hidden', 'f32', [nTargets, model.config.hiddenSize]);
  return g.finish({ ...statisticsOf(c, hidden, g.input('targets', 'i32', [nTargets])) });
}

/**
 * Inputs as `headForwardProgram`, the loss program's own as `loss:<name>` [T], and accumulators as in `trainProgram`; outputs `logprobs`,
 * `entropies`, the loss program's outputs as `loss:<name>`, `passed` [T, d], the gradient at `hidden`, and the accumulated gradients.
 * A loss is a sum over targets, so that blocks of them add up.
 */
export function headTrainProgram(model: ProgramModel, nTargets: number, loss: Graph): Graph {
  const g = new GraphBuilder();
  const c = openModel(g, oneLayer(model));
  const hidden = g.input('hidden', 'f32', [nTargets, model.config.hiddenSize]);
  const statistics = statisticsOf(c, hidden, g.input('targets', 'i32', [nTargets]));
  const terms = lossTerms(g, loss, statistics);
  const used = ['finalNorm', model.config.tiedEmbeddings ? 'embedding' : 'head'];
  const trained = trainedIn(model, (name) => used.includes(name));
  const [passed, ...derived] = gradients(g, terms['loss:loss'] as Value, [hidden, ...trained.map((spec) => c.parameter(spec.name))]) as [
    Value,
    ...Value[],
  ];
  return leavesLast(g.finish({ ...statistics, ...terms, passed, ...accumulated(g, trained, derived) }));
}

function trainedIn(model: ProgramModel, isIn: (name: string) => boolean): ParameterSpec[] {
  const { config, lora } = oneLayer(model);
  return parameterSpecs(config, lora).filter(({ name, trainable }) => trainable && isIn(name));
}
