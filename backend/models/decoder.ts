/**
 * The decoder of the Qwen2, Qwen3 and Llama families, defined once: RMSNorm, rotary positions, grouped-query attention, SwiGLU,
 * with q/k/v bias, q/k norm, tied or untied head and low-rank adapters as the configuration says.
 *
 * Dimension names: B batch, S length, N = B·S tokens, d hidden, H heads, KV key-value heads, g = H/KV, hd head size, C cache capacity.
 */
import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/ir.ts';
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
  /** Rotary tables [positions, hd/2]. */
  readonly cos: Value;
  readonly sin: Value;
}

/** A layer's keys and values before attention: each [B, KV, S, hd]. */
export interface KeysValues {
  readonly keys: Value;
  readonly values: Value;
}

/** How queries meet keys and values; the one difference between a full pass and a step on a cache. */
type Attend = (q: Value, keys: Value, values: Value, layer: number) => Value;

/** Hidden states [N, d] of whole sequences, right-padded to one length, before the final norm; and every layer's keys and values. */
export function decodeSequences(c: DecoderContext, tokens: Value, checkpointLayers: boolean): { hidden: Value; cache: KeysValues[] } {
  const { g, config } = c;
  const [batch, length] = tokens.shape as readonly [number, number];
  const { nHeads, nKvHeads, headDim } = config;
  const group = nHeads / nKvHeads;
  const positions = g.expand(iota(g, length, [1, length]), [batch, length]);
  const mask = causalMask(g, length, group);
  const cache: KeysValues[] = [];

  const attend: Attend = (q, k, v, layer) => {
    // Queries of the g heads that share a key-value head stand below each other, so no key is ever repeated.
    const queries = g.reshape(g.transpose(g.reshape(q, [batch, length, nKvHeads, group, headDim]), [0, 2, 3, 1, 4]), [
      batch * nKvHeads,
      group * length,
      headDim,
    ]);
    const keys = g.transpose(g.reshape(k, [batch, length, nKvHeads, headDim]), [0, 2, 1, 3]);
    const values = g.transpose(g.reshape(v, [batch, length, nKvHeads, headDim]), [0, 2, 1, 3]);
    cache[layer] = { keys, values };
    const flat = [batch * nKvHeads, length, headDim];
    const out = g.attention(queries, g.reshape(keys, flat), g.reshape(values, flat), mask, 1 / Math.sqrt(headDim));
    return g.reshape(g.transpose(g.reshape(out, [batch, nKvHeads, group, length, headDim]), [0, 3, 1, 2, 4]), [batch * length, nHeads * headDim]);
  };

  let x = g.gatherRows(c.parameter('embedding'), g.reshape(tokens, [batch * length]));
  for (let layer = 0; layer < config.nLayers; layer++) {
    const entering = x;
    const build = (): Value => decoderLayer(c, entering, layer, positions, attend);
    x = checkpointLayers ? g.checkpoint(build) : build();
  }
  return { hidden: x, cache };
}

/**
 * Hidden states [B, d] of one new token a row, given each row's cache: keys and values [B, KV, C, hd] of which the first `positions[b]` hold.
 * Also the new token's keys and values, each [B, KV·hd], for the caller to write into the cache.
 */
export function decodeStep(c: DecoderContext, tokens: Value, positions: Value, cache: readonly KeysValues[]): { hidden: Value; fresh: KeysValues[] } {
  const { g, config } = c;
  const [batch] = tokens.shape as readonly [number];
  const { nHeads, nKvHeads, headDim } = config;
  const group = nHeads / nKvHeads;
  const capacity = (cache[0] as KeysValues).keys.shape[2] as number;
  const scale = 1 / Math.sqrt(headDim);
  const absent = g.less(g.sub(g.reshape(positions, [batch, 1]), g.constant('i32', [], 1)), iota(g, capacity, [1, capacity]));
  const mask = g.reshape(g.where(absent, masked, 0), [batch, 1, capacity]);
  const fresh: KeysValues[] = [];

  const attend: Attend = (q, k, v, layer) => {
    const { keys, values } = cache[layer] as KeysValues;
    fresh[layer] = { keys: g.reshape(k, [batch, nKvHeads * headDim]), values: g.reshape(v, [batch, nKvHeads * headDim]) };
    const z = batch * nKvHeads;
    const queries = g.reshape(q, [z, group, headDim]);
    // The cache and the new token are attended to side by side: joining them would copy the whole cache at every token.
    const old = g.matmul(queries, g.reshape(keys, [z, capacity, headDim]), { transposeB: true, alpha: scale });
    const own = g.matmul(queries, g.reshape(k, [z, 1, headDim]), { transposeB: true, alpha: scale });
    const maskedOld = g.add(g.reshape(old, [batch, nHeads, capacity]), mask);
    const weights = g.softmax(g.concat([maskedOld, g.reshape(own, [batch, nHeads, 1])], 2));
    const [pOld, pOwn] = g.split(weights, 2, [capacity, 1]) as [Value, Value];
    const out = g.add(
      g.matmul(g.reshape(pOld, [z, group, capacity]), g.reshape(values, [z, capacity, headDim])),
      g.mul(g.reshape(pOwn, [z, group, 1]), g.reshape(v, [z, 1, headDim])),
    );
    return g.reshape(out, [batch, nHeads * headDim]);
  };

  let x = g.gatherRows(c.parameter('embedding'), tokens);
  for (let layer = 0; layer < config.nLayers; layer++) x = decoderLayer(c, x, layer, g.reshape(positions, [batch, 1]), attend);
  return { hidden: x, fresh };
}

/** Logits [T, V] of hidden states [T, d]: final norm and head. */
export function headLogits(c: DecoderContext, hidden: Value): Value {
  const { g, config } = c;
  const normed = g.rmsNorm(hidden, c.parameter('finalNorm'), config.rmsNormEpsilon);
  return g.linear(normed, c.parameter(config.tiedEmbeddings ? 'embedding' : 'head'));
}

function decoderLayer(c: DecoderContext, x: Value, layer: number, positions: Value, attend: Attend): Value {
  const { g, config } = c;
  const at = (name: string): string => `layers.${layer}.${name}`;
  const { nHeads, nKvHeads, headDim, intermediateSize: ff, rmsNormEpsilon } = config;
  const [qSize, kvSize] = [nHeads * headDim, nKvHeads * headDim];

  const attentionIn = g.rmsNorm(x, c.parameter(at('inputNorm')), rmsNormEpsilon);
  const qkv = projection(
    c,
    attentionIn,
    at('qkv'),
    config.qkvBias,
    [
      ['q_proj', qSize],
      ['k_proj', kvSize],
      ['v_proj', kvSize],
    ],
    layer,
  );
  const [q, k, v] = g.split(qkv, 1, [qSize, kvSize, kvSize]) as [Value, Value, Value];
  const turned = (heads: number, value: Value, norm: string): Value => {
    const [batch, length] = positions.shape as readonly [number, number];
    const normed = config.qkNorm ? g.rmsNorm(g.reshape(value, [batch * length * heads, headDim]), c.parameter(at(norm)), rmsNormEpsilon) : value;
    return g.rope(g.reshape(normed, [batch, length, heads * headDim]), c.cos, c.sin, positions, heads);
  };
  const mixed = attend(turned(nHeads, q, 'qNorm'), turned(nKvHeads, k, 'kNorm'), v, layer);
  const afterAttention = g.add(x, projection(c, mixed, at('output'), config.outputBias, [['o_proj', config.hiddenSize]], layer));

  const mlpIn = g.rmsNorm(afterAttention, c.parameter(at('postNorm')), rmsNormEpsilon);
  const [gate, up] = g.split(
    projection(
      c,
      mlpIn,
      at('gateUp'),
      config.mlpBias,
      [
        ['gate_proj', ff],
        ['up_proj', ff],
      ],
      layer,
    ),
    1,
    [ff, ff],
  ) as [Value, Value];
  const down = projection(c, g.mul(g.silu(gate), up), at('down'), config.mlpBias, [['down_proj', config.hiddenSize]], layer);
  return g.add(afterAttention, down);
}

/** x Wᵀ + b over projections that lie stacked in one matrix, plus (alpha/r) (x Aᵀ) Bᵀ for each that has an adapter. */
function projection(c: DecoderContext, x: Value, name: string, bias: boolean, stacked: readonly (readonly [string, number])[], layer: number): Value {
  const { g, lora } = c;
  const base = g.linear(x, c.parameter(`${name}.weight`), bias ? c.parameter(`${name}.bias`) : undefined);
  if (lora === undefined || !stacked.some(([target]) => lora.targets.includes(target))) return base;
  const scale = lora.alpha / lora.rank;
  const updates = stacked.map(([target, size]) => {
    if (!lora.targets.includes(target)) return g.constant('f32', [x.shape[0] as number, size], 0);
    const low = g.linear(x, c.parameter(`layers.${layer}.${target}.loraA`));
    return g.gemm(low, c.parameter(`layers.${layer}.${target}.loraB`), undefined, { transposeB: true, alpha: scale });
  });
  return g.add(base, updates.length === 1 ? (updates[0] as Value) : g.concat(updates, 1));
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
