/** A small decoder with a loss, for tests of whole graphs: grouped-query attention, rotary positions, RMS normalization, gated MLP, tied head. */
import { Rng } from '../../../backend/core/rng.ts';
import { gradients } from '../../../backend/graph/autodiff.ts';
import { GraphBuilder } from '../../../backend/graph/builder.ts';
import { type Graph, sizeOf, type Value } from '../../../backend/graph/ir.ts';
import { leavesLast } from '../../../backend/graph/passes.ts';

const [batch, time, vocabulary, width, inner] = [2, 5, 11, 8, 12];
const [heads, keyHeads, headSize] = [4, 2, 4];
const nTokens = batch * time;

const layerShapes = {
  norm1: [width],
  wq: [heads * headSize, width],
  bq: [heads * headSize],
  wk: [keyHeads * headSize, width],
  wv: [keyHeads * headSize, width],
  wo: [width, heads * headSize],
  norm2: [width],
  gate: [inner, width],
  up: [inner, width],
  down: [width, inner],
} as const;

type Layer = { readonly [K in keyof typeof layerShapes]: Value };

export interface Block {
  /** Outputs `loss` and `d.<parameter>`; the gradients stand last in the file. */
  readonly graph: Graph;
  readonly parameters: readonly string[];
  readonly feeds: Readonly<Record<string, number[]>>;
}

export function buildBlock(nLayers: number, checkpointed: boolean): Block {
  const g = new GraphBuilder();
  const feeds: Record<string, number[]> = {};
  const fed = (name: string, dtype: 'f32' | 'i32', shape: readonly number[], draw: (rng: Rng, i: number) => number): Value => {
    const rng = Rng.of(11, name);
    feeds[name] = Array.from({ length: sizeOf(shape) }, (_, i) => draw(rng, i));
    return g.input(name, dtype, shape);
  };
  const parameters: Record<string, Value> = {};
  const parameter = (name: string, shape: readonly number[], mean = 0): Value =>
    (parameters[name] = fed(name, 'f32', shape, (rng) => Math.fround(mean + 0.4 * rng.normal())));

  const tokens = fed('tokens', 'i32', [nTokens], (rng) => rng.integer(0, vocabulary - 1));
  const targets = fed('targets', 'i32', [nTokens], (rng) => rng.integer(0, vocabulary - 1));
  const advantages = fed('advantages', 'f32', [nTokens], (rng) => Math.fround(rng.normal()));
  const positions = fed('positions', 'i32', [batch, time], (_, i) => i % time);
  const angle = (i: number): number => Math.floor((2 * i) / headSize) / 10 ** (i % (headSize / 2));
  const cos = fed('cos', 'f32', [time, headSize / 2], (_, i) => Math.fround(Math.cos(angle(i))));
  const sin = fed('sin', 'f32', [time, headSize / 2], (_, i) => Math.fround(Math.sin(angle(i))));
  const rows = (heads / keyHeads) * time;
  const mask = fed('mask', 'f32', [rows, time], (_, i) => (i % time > Math.floor(i / time) % time ? -1e9 : 0));

  /** Columns of n heads as [batch, n, time, head size]. */
  const byHead = (x: Value, n: number): Value => g.transpose(g.reshape(x, [batch, time, n, headSize]), [0, 2, 1, 3]);
  /** Queries that share a key head below each other: [batch · key heads, rows, head size]. */
  const grouped = (x: Value, n: number): Value => g.reshape(x, [batch * keyHeads, (n / keyHeads) * time, headSize]);
  const turned = (x: Value, n: number): Value => g.rope(byHead(x, n), cos, sin, positions);

  const layer = (x: Value, w: Layer): Value => {
    const normed = g.rmsNorm(x, w.norm1, 1e-6);
    const q = grouped(turned(g.linear(normed, w.wq, w.bq), heads), heads);
    const k = grouped(turned(g.linear(normed, w.wk), keyHeads), keyHeads);
    const v = grouped(byHead(g.linear(normed, w.wv), keyHeads), keyHeads);
    const mixed = g.reshape(g.attention(q, k, v, mask, 1 / Math.sqrt(headSize)), [batch, keyHeads, heads / keyHeads, time, headSize]);
    const attended = g.add(x, g.linear(g.reshape(g.transpose(mixed, [0, 3, 1, 2, 4]), [nTokens, heads * headSize]), w.wo));
    const normed2 = g.rmsNorm(attended, w.norm2, 1e-6);
    return g.add(attended, g.linear(g.swiglu(g.linear(normed2, w.gate), g.linear(normed2, w.up)), w.down));
  };

  const embedding = parameter('embedding', [vocabulary, width]);
  let x = g.gatherRows(embedding, tokens);
  for (let l = 0; l < nLayers; l++) {
    const names = Object.keys(layerShapes) as (keyof Layer)[];
    const w = Object.fromEntries(
      names.map((name) => [name, parameter(`layer${l}.${name}`, layerShapes[name], name.startsWith('norm') ? 1 : 0)]),
    ) as unknown as Layer;
    const entering = x;
    x = checkpointed ? g.checkpoint(() => layer(entering, w)) : layer(entering, w);
  }
  const logprobs = g.pick(g.logSoftmax(g.linear(g.rmsNorm(x, parameter('norm', [width], 1), 1e-6), embedding)), targets);
  // A clipped policy-gradient loss: ratio to the policy's own detached value, so that every kind of loss op is on the path.
  const ratio = g.exp(g.sub(logprobs, g.stopGradient(g.mul(logprobs, 1.05))));
  const loss = g.neg(g.mul(g.sum(g.min(g.mul(ratio, advantages), g.mul(g.clamp(ratio, 0.8, 1.2), advantages))), 1 / nTokens));

  const names = Object.keys(parameters);
  const found = gradients(g, loss, Object.values(parameters));
  const outputs = Object.fromEntries(names.map((name, i) => [`d.${name}`, found[i] as Value]));
  return { graph: leavesLast(g.finish({ loss, ...outputs })), parameters: names, feeds };
}
