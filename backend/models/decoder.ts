/**
 * The decoder of the Qwen2, Qwen3 and Llama families, defined once: RMSNorm, rotary positions, grouped-query attention, SwiGLU,
 * with q/k/v bias, q/k norm, tied or untied head and low-rank adapters as the configuration says.
 *
 * Dimension names: B batch, S length, N = B·S tokens, d hidden, H heads, KV key-value heads, g = H/KV, hd head size, C cache capacity.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import { sizeOf, type Value } from '../graph/ir.ts';
import type { ModelConfig } from './config.ts';
import type { LoraSpec } from './parameters.ts';

/** Additive mask of positions that may not be attended to. Finite, so that a fully masked row stays free of NaN. */
const masked = -1e9;

/** The values one decoder pass works with. */
export interface DecoderContext {
  readonly g: GraphBuilder;
  readonly config: ModelConfig;
  readonly lora: LoraSpec | undefined;
  /** A parameter by its canonical name (`parameterSpecs`). */
  parameter(name: string): Value;
  /** What a parameter's values are to be multiplied by, [], a power of two; undefined where they are what they are. */
  scaleOf(name: string): Value | undefined;
  /** Rotary tables [positions, hd/2]. */
  readonly cos: Value;
  readonly sin: Value;
}

/** A layer's keys and values before attention: each [B, KV, S, hd]. */
export interface KeysValues {
  readonly keys: Value;
  readonly values: Value;
}

/** How queries [B, H, S, hd] meet keys and values; the one difference between a full pass and a step on a cache. Gives [N, H·hd]. */
type Attend = (queries: Value, fresh: KeysValues, layer: number) => Value;

/** Hidden states [N, d] of whole sequences, right-padded to one length, before the final norm; and every layer's keys and values. */
export function decodeSequences(c: DecoderContext, tokens: Value, checkpointLayers: boolean): { hidden: Value; cache: KeysValues[] } {
  const { g, config } = c;
  const [batch, length] = tokens.shape as readonly [number, number];
  const layerOf = layersOverSequences(c, batch, length);
  const cache: KeysValues[] = [];
  let x = g.gatherRows(c.parameter('embedding'), g.reshape(tokens, [batch * length]));
  for (let layer = 0; layer < config.nLayers; layer++) {
    const entering = x;
    const build = (): Value => {
      const { hidden, own } = layerOf(entering, layer);
      cache[layer] = own;
      return hidden;
    };
    x = checkpointLayers ? g.checkpoint(build) : build();
  }
  return { hidden: x, cache };
}

/** One layer after the other over hidden states [B·S, d] of right-padded sequences; they share positions and mask. */
export function layersOverSequences(
  c: DecoderContext,
  batch: number,
  length: number,
): (x: Value, layer: number) => { hidden: Value; own: KeysValues } {
  const { g, config } = c;
  const { nHeads, nKvHeads, headDim } = config;
  const group = nHeads / nKvHeads;
  const positions = g.expand(iota(g, length, [1, length]), [batch, length]);
  const mask = causalMask(g, length, group);
  const cache: KeysValues[] = [];

  const attend: Attend = (queries, fresh, layer) => {
    cache[layer] = fresh;
    // Queries of the g heads that share a key-value head stand below each other, so no key is ever repeated.
    const byKvHead = (value: Value, rows: number): Value => g.reshape(value, [batch * nKvHeads, rows, headDim]);
    const [q, k, v] = [byKvHead(queries, group * length), byKvHead(fresh.keys, length), byKvHead(fresh.values, length)];
    const out = g.attention(q, k, v, mask, 1 / Math.sqrt(headDim));
    return g.reshape(g.transpose(g.reshape(out, [batch, nHeads, length, headDim]), [0, 2, 1, 3]), [batch * length, nHeads * headDim]);
  };
  return (x, layer) => {
    const hidden = decoderLayer(c, x, layer, positions, attend);
    return { hidden, own: cache[layer] as KeysValues };
  };
}

/**
 * Hidden states [B, d] of one new token a row, given each row's cache: keys and values [B, KV, C, hd] of which the first `positions[b]` hold.
 * Also the new token's keys and values, each [B, KV, 1, hd], for the caller to write into the cache.
 */
export function decodeStep(c: DecoderContext, tokens: Value, positions: Value, cache: readonly KeysValues[]): { hidden: Value; fresh: KeysValues[] } {
  const layerOf = layersOverCache(c, positions, cache);
  const fresh: KeysValues[] = [];
  let x = c.g.gatherRows(c.parameter('embedding'), tokens);
  for (let layer = 0; layer < c.config.nLayers; layer++) {
    const { hidden, own } = layerOf(x, layer);
    fresh.push(own);
    x = hidden;
  }
  return { hidden: x, fresh };
}

/** One layer after the other over hidden states [B, d] of one token a row; they share positions and mask. */
export function layersOverCache(
  c: DecoderContext,
  positions: Value,
  cache: readonly KeysValues[],
): (x: Value, layer: number) => { hidden: Value; own: KeysValues } {
  const { g, config } = c;
  const [batch] = positions.shape as readonly [number];
  const { nHeads, nKvHeads, headDim } = config;
  const capacity = (cache[0] as KeysValues).keys.shape[2] as number;
  const scale = 1 / Math.sqrt(headDim);
  const present = g.less(iota(g, capacity, [1, 1, 1, capacity]), g.reshape(positions, [batch, 1, 1, 1]));
  const mask = g.where(present, 0, masked);
  const fresh: KeysValues[] = [];

  const attend: Attend = (queries, own, layer) => {
    fresh[layer] = own;
    const old = cache[layer] as KeysValues;
    const q = g.reshape(queries, [batch, nKvHeads, nHeads / nKvHeads, headDim]);
    // The cache and the new token are attended to side by side: joining them would copy the whole cache at every token.
    const oldScores = g.add(g.matmul(q, old.keys, { transposeB: true, alpha: scale }), mask);
    const ownScore = g.matmul(q, own.keys, { transposeB: true, alpha: scale });
    const weights = g.softmax(g.concat([oldScores, ownScore], 3));
    const [oldWeights, ownWeight] = g.split(weights, 3, [capacity, 1]) as [Value, Value];
    const out = g.add(g.matmul(oldWeights, old.values), g.mul(ownWeight, own.values));
    return g.reshape(out, [batch, nHeads * headDim]);
  };
  const column = g.reshape(positions, [batch, 1]);
  return (x, layer) => {
    const hidden = decoderLayer(c, x, layer, column, attend);
    return { hidden, own: fresh[layer] as KeysValues };
  };
}

/** Logits [T, V] of hidden states [T, d]: final norm and head. */
export function headLogits(c: DecoderContext, hidden: Value): Value {
  const { g, config } = c;
  const normed = g.rmsNorm(hidden, c.parameter('finalNorm'), config.rmsNormEpsilon);
  return linear(g, normed, c.parameter(config.tiedEmbeddings ? 'embedding' : 'head'));
}

function decoderLayer(c: DecoderContext, x: Value, layer: number, positions: Value, attend: Attend): Value {
  const { g, config } = c;
  const at = (name: string): string => `layers.${layer}.${name}`;
  const { nHeads, nKvHeads, headDim, intermediateSize: ff, rmsNormEpsilon } = config;
  const [batch, length] = positions.shape as readonly [number, number];
  const turned = (heads: Value, norm: string): Value =>
    g.rope(config.qkNorm ? g.rmsNorm(heads, c.parameter(at(norm)), rmsNormEpsilon) : heads, c.cos, c.sin, positions);

  const attentionIn = g.rmsNorm(x, c.parameter(at('inputNorm')), rmsNormEpsilon);
  const stacked: Stack = [
    ['q_proj', nHeads * headDim],
    ['k_proj', nKvHeads * headDim],
    ['v_proj', nKvHeads * headDim],
  ];
  const qkv = projection(c, attentionIn, at('qkv'), config.qkvBias, stacked, layer);
  const byToken = g.reshape(qkv, [batch, length, nHeads + 2 * nKvHeads, headDim]);
  // For one token a row both orders are the same in memory.
  const byHead = length === 1 ? g.reshape(qkv, [batch, nHeads + 2 * nKvHeads, 1, headDim]) : g.transpose(byToken, [0, 2, 1, 3]);
  const [q, k, v] = g.split(byHead, 1, [nHeads, nKvHeads, nKvHeads]) as [Value, Value, Value];
  const mixed = attend(turned(q, 'qNorm'), { keys: turned(k, 'kNorm'), values: v }, layer);
  const afterAttention = g.add(x, projection(c, mixed, at('output'), config.outputBias, [['o_proj', config.hiddenSize]], layer));

  const mlpIn = g.rmsNorm(afterAttention, c.parameter(at('postNorm')), rmsNormEpsilon);
  const gate = projection(c, mlpIn, at('gate'), config.mlpBias, [['gate_proj', ff]], layer);
  const up = projection(c, mlpIn, at('up'), config.mlpBias, [['up_proj', ff]], layer);
  const down = projection(c, g.swiglu(gate, up), at('down'), config.mlpBias, [['down_proj', config.hiddenSize]], layer);
  return g.add(afterAttention, down);
}

/** Rows and weights from which on `linear` takes the product the other way around. */
const fewRows = 64;
const manyWeights = 1 << 16;

/**
 * x Wᵀ + b. A product makes a packed copy of its second operand; where that is a large matrix and x has few rows, as in decoding, the copy
 * costs as much as the product. (W xᵀ)ᵀ has a small second operand. The runtime would turn a `gemm` back, a `matmul` it leaves alone.
 */
function linear(g: GraphBuilder, x: Value, weight: Value, bias?: Value | undefined): Value {
  const rows = x.shape[0] as number;
  if (rows < 4 || rows > fewRows || sizeOf(weight.shape) < manyWeights) return g.linear(x, weight, bias);
  const y = g.transpose(g.matmul(weight, x, { transposeB: true }), [1, 0]);
  return bias === undefined ? y : g.add(y, bias);
}

/** Projections that lie stacked in one matrix, in order: name and outputs of each. */
type Stack = readonly (readonly [string, number])[];

/** x Wᵀ + b, plus (alpha/r) (x Aᵀ) Bᵀ for each of the stacked projections that has an adapter. */
function projection(c: DecoderContext, x: Value, name: string, bias: boolean, stacked: Stack, layer: number): Value {
  const { g, lora } = c;
  const scale = c.scaleOf(`${name}.weight`);
  const base = linear(g, scale === undefined ? x : g.mul(x, scale), c.parameter(`${name}.weight`), bias ? c.parameter(`${name}.bias`) : undefined);
  if (lora === undefined || !stacked.some(([target]) => lora.targets.includes(target))) return base;
  const update = (target: string, onto?: Value): Value => {
    const low = g.linear(x, c.parameter(`layers.${layer}.${target}.loraA`));
    return g.gemm(low, c.parameter(`layers.${layer}.${target}.loraB`), onto, { transposeB: true, alpha: lora.alpha / lora.rank });
  };
  const [[only]] = stacked as [Stack[number]];
  if (stacked.length === 1) return update(only, base);
  const rows = x.shape[0] as number;
  const updates = stacked.map(([target, size]) => (lora.targets.includes(target) ? update(target) : g.constant('f32', [rows, size], 0)));
  return g.add(base, g.concat(updates, 1));
}

function iota(g: GraphBuilder, count: number, shape: readonly number[]): Value {
  return g.constant(
    'i32',
    shape,
    Int32Array.from({ length: count }, (_, i) => i),
  );
}

/** [g·S, S]: row r, the query at position r mod S, sees keys up to its own position. Comparisons keep the file small; the runtime folds them. */
function causalMask(g: GraphBuilder, length: number, group: number): Value {
  const rows = g.constant(
    'i32',
    [group * length, 1],
    Int32Array.from({ length: group * length }, (_, row) => row % length),
  );
  return g.where(g.less(rows, iota(g, length, [1, length])), masked, 0);
}
