/**
 * Does this machine's runtime compute right gradients? A provider can be silently wrong, so a tiny random model is trained on and held
 * against central differences of its loss in float64, which share neither operators nor gradient rules with what is checked.
 */
import { Rng } from '../../core/rng.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { sizeOf, type Graph } from '../../graph/ir.ts';
import { evaluate, type Feed } from '../../graph/reference.ts';
import type { ModelConfig } from '../../models/config.ts';
import { initializeParameters } from '../../models/initialize.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { accumulatorPrefix, gradientPrefix, trainProgram } from '../../models/programs.ts';
import { ropeTables } from '../../models/rope.ts';
import { compile, runProgram, Tensor, type SessionOptions } from './session.ts';

export interface SelfCheckResult {
  readonly ok: boolean;
  /** Largest error of a directional derivative over the gradient's norm, and of a logprob over its magnitude. */
  readonly maxRelativeError: number;
  /** Where it is: a parameter, or `logprobs`. */
  readonly worst: string;
  readonly seconds: number;
}

/** float32 leaves errors of 1e-6 to 1e-5; a wrong kernel leaves 1e-2 or more. */
const tolerance = 1e-3;

const config: ModelConfig = {
  modelType: 'self-check',
  vocabularySize: 13,
  hiddenSize: 16,
  nLayers: 2,
  nHeads: 4,
  nKvHeads: 2,
  headDim: 4,
  intermediateSize: 20,
  rmsNormEpsilon: 1e-6,
  rope: { theta: 10_000, scaling: null },
  tiedEmbeddings: true,
  qkvBias: true,
  outputBias: false,
  mlpBias: false,
  qkNorm: true,
  maxPositions: 8,
};
const [batch, length, nTargets] = [2, 6, 9];

/** Takes about a second. */
export async function selfCheck(options: SessionOptions): Promise<SelfCheckResult> {
  const start = performance.now();
  const model = { config, lora: undefined, positions: config.maxPositions };
  const graph = trainProgram(model, { batch, length, nTargets, loss: shapedLoss(), layerCheckpointing: false });
  const feeds = randomFeeds(graph);
  const computed = await runOnce(graph, feeds, options);
  const errors = [...gradientErrors(graph, feeds, computed), logprobError(graph, feeds, computed)];
  const worst = errors.reduce((a, b) => (b.error <= a.error ? a : b));
  return { ok: worst.error < tolerance, maxRelativeError: worst.error, worst: worst.name, seconds: (performance.now() - start) / 1000 };
}

interface Located {
  readonly name: string;
  readonly error: number;
}

/** −Σ w · min(r, clip r) + Σ w · entropy / 10 with r = exp(logprob − old): what losses are made of. */
function shapedLoss(): Graph {
  const g = new GraphBuilder();
  const [logprobs, entropies, old, weight] = ['logprobs', 'entropies', 'old', 'weight'].map((name) => g.input(name, 'f32', [nTargets]));
  if (logprobs === undefined || entropies === undefined || old === undefined || weight === undefined) throw new Error('four inputs were declared');
  const ratio = g.exp(g.sub(logprobs, old));
  const surrogate = g.mul(weight, g.min(ratio, g.clamp(ratio, 0.8, 1.2)));
  return g.finish({ loss: g.sum(g.sub(g.mul(g.mul(weight, entropies), 0.1), surrogate)) });
}

function randomFeeds(graph: Graph): Record<string, Feed> {
  const rng = Rng.of(1, 'self-check');
  const { cos, sin } = ropeTables(config.rope, config.headDim, config.maxPositions);
  const parameters = initializeParameters(config, 1);
  const integers = (count: number, below: number): Int32Array => Int32Array.from({ length: count }, () => Math.floor(rng.uniform() * below));
  const known: Record<string, Feed> = {
    cos,
    sin,
    tokens: integers(batch * length, config.vocabularySize),
    rows: integers(nTargets, batch * length),
    targets: integers(nTargets, config.vocabularySize),
    'loss:old': Float32Array.from({ length: nTargets }, () => -Math.log(config.vocabularySize) + 0.5 * rng.normal()),
    'loss:weight': Float32Array.from({ length: nTargets }, () => rng.normal()),
  };
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const size = sizeOf(graph.values[value]?.shape ?? []);
      // Biases and norms away from 0 and 1, so that an error in them shows.
      const feed = parameters.get(name)?.map((element) => element + 0.1 * rng.normal());
      return [name, known[name] ?? feed ?? new Float32Array(size)];
    }),
  );
}

async function runOnce(graph: Graph, feeds: Readonly<Record<string, Feed>>, options: SessionOptions): Promise<Record<string, Float32Array>> {
  const program = await compile(graph, options);
  try {
    const tensors = graph.inputs.map(({ name, value }) => {
      const { dtype, shape } = graph.values[value] as Graph['values'][number];
      const data = feeds[name] as Float32Array | Int32Array;
      return [name, new Tensor(dtype === 'i32' ? 'int32' : 'float32', data, shape)] as const;
    });
    const outputs = await runProgram(program, Object.fromEntries(tensors));
    return Object.fromEntries(graph.outputs.map(({ name }) => [name, (outputs[name] as Tensor).data as Float32Array]));
  } finally {
    await program.session.release();
  }
}

/** Every parameter's gradient along one random direction. */
function gradientErrors(graph: Graph, feeds: Readonly<Record<string, Feed>>, computed: Readonly<Record<string, Float32Array>>): Located[] {
  const loss = onlyOutput(graph, 'loss:loss');
  const step = 1e-5;
  return parameterSpecs(config).map(({ name }) => {
    const rng = Rng.of(2, 'direction', name);
    const gradient = computed[gradientPrefix + name] as Float32Array;
    const direction = Float64Array.from(gradient, () => (rng.uniform() < 0.5 ? -1 : 1));
    const lossAt = (delta: number): number => {
      const moved = Float64Array.from(feeds[name] as Float32Array, (value, i) => value + delta * (direction[i] as number));
      return evaluate(loss, { ...feeds, [name]: moved })['loss:loss']?.[0] ?? NaN;
    };
    const expected = (lossAt(step) - lossAt(-step)) / (2 * step);
    const along = gradient.reduce((sum, element, i) => sum + element * (direction[i] as number), 0);
    return { name, error: Math.abs(along - expected) / Math.hypot(...gradient, 1e-6) };
  });
}

function logprobError(graph: Graph, feeds: Readonly<Record<string, Feed>>, computed: Readonly<Record<string, Float32Array>>): Located {
  const expected = evaluate(onlyOutput(graph, 'logprobs'), feeds)['logprobs'] ?? [];
  const errors = Array.from(expected, (logprob, i) => Math.abs((computed['logprobs']?.[i] ?? NaN) - logprob) / (1 + Math.abs(logprob)));
  return { name: 'logprobs', error: errors.reduce((a, b) => (b <= a ? a : b), 0) };
}

/** The part of a graph that one output needs. */
function onlyOutput(graph: Graph, output: string): Graph {
  const g = new GraphBuilder();
  const inputs = graph.inputs
    .filter(({ name }) => !name.startsWith(accumulatorPrefix))
    .map(({ name, value }) => {
      const { dtype, shape } = graph.values[value] as Graph['values'][number];
      return [name, g.input(name, dtype, shape)] as const;
    });
  const wanted = graph.outputs.filter(({ name }) => name === output);
  const needed = new Set(wanted.map(({ value }) => value));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => node.outputs.some((id) => needed.has(id)) && (node.inputs.forEach((id) => needed.add(id)), true))
    .reverse();
  const bound = Object.fromEntries(inputs);
  const part = g.inline({ ...graph, inputs: graph.inputs.filter(({ name }) => name in bound), nodes, outputs: wanted }, bound);
  return g.finish(part);
}
