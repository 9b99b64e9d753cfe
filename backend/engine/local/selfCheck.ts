/**
 * Does this machine's runtime compute right gradients? A provider can be silently wrong, so a tiny random model is trained on and held
 * against central differences of its loss in float64, which share neither operators nor gradient rules with what is checked.
 */
import { Rng } from '../../core/rng.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { sizeOf, type Graph, type Value } from '../../graph/ir.ts';
import { evaluate, type Feed } from '../../graph/reference.ts';
import type { ModelConfig } from '../../models/config.ts';
import { initializeParameters } from '../../models/initialize.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { accumulatedParameter, logprobProgram, trainProgram, type ProgramModel } from '../../models/programs.ts';
import { ropeTables } from '../../models/rope.ts';
import { collectGradients, runAccumulating } from './accumulating.ts';
import { compile, Tensor, type SessionOptions } from './session.ts';

export interface SelfCheckResult {
  readonly ok: boolean;
  /** Largest error of a directional derivative over the gradient's norm, and of a logprob over its magnitude. */
  readonly maxRelativeError: number;
  /** Where it is: a parameter, or `logprobs`. */
  readonly worst: string;
  readonly seconds: number;
  /** Of a GPU (`providerCheck.ts`): the first op whose result differs, where one does, and whether a second run gave the same bytes. */
  readonly op?: string;
  readonly repeats?: boolean;
}

/** float32 leaves errors of 1e-6 to 1e-5; a wrong kernel leaves 1e-2 or more. */
export const tolerance = 1e-3;

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
export { config as checkedConfig };
const model: ProgramModel = { config, lora: undefined, positions: config.maxPositions };
const [batch, length, nTargets] = [2, 6, 9] as const;

/** Passes whose gradients are added into one buffer, as micro-batches do: it must get each exactly once. */
const passes = 2;

type Feeds = Readonly<Record<string, Feed>>;

interface Computed {
  readonly logprobs: Float32Array;
  /** By parameter. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

interface Located {
  readonly name: string;
  readonly error: number;
}

/** Takes about a second. */
export async function selfCheck(options: SessionOptions): Promise<SelfCheckResult> {
  const start = performance.now();
  const loss = shapedLoss(nTargets);
  const graph = trainProgram(model, { batch, length, nTargets, loss, layerCheckpointing: false });
  const feeds = randomFeeds(graph);
  const computed = await runPasses(graph, feeds, options);
  const worst = [...gradientErrors(loss, feeds, computed), logprobError(feeds, computed)].reduce((a, b) => (b.error <= a.error ? a : b));
  return { ok: worst.error < tolerance, maxRelativeError: worst.error, worst: worst.name, seconds: (performance.now() - start) / 1000 };
}

/** What losses are made of: −Σ w · min(r, clip r) + Σ w · entropy / 10 with r = exp(logprob − old). */
export function shapedLoss(nTargets: number): Graph {
  const g = new GraphBuilder();
  const vector = (name: string): Value => g.input(name, 'f32', [nTargets]);
  const [logprobs, entropies, weight] = [vector('logprobs'), vector('entropies'), vector('weight')];
  const ratio = g.exp(g.sub(logprobs, vector('old')));
  const surrogate = g.mul(weight, g.min(ratio, g.clamp(ratio, 0.8, 1.2)));
  return g.finish({ loss: g.sum(g.sub(g.mul(g.mul(weight, entropies), 0.1), surrogate)) });
}

function randomFeeds(graph: Graph): Feeds {
  const rng = Rng.of(1, 'self-check');
  const { cos, sin } = ropeTables(config.rope, config.headDim, config.maxPositions);
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
  // Biases away from 0 and norms away from 1, so that an error in them shows.
  for (const [name, values] of initializeParameters(config, 1)) known[name] = values.map((value) => value + 0.1 * rng.normal());
  return Object.fromEntries(
    graph.inputs.filter(({ name }) => accumulatedParameter(name) === undefined).map(({ name }) => [name, known[name] as Feed] as const),
  );
}

async function runPasses(graph: Graph, feeds: Feeds, options: SessionOptions): Promise<Computed> {
  const program = await compile(graph, options);
  try {
    const tensors = graph.inputs.flatMap(({ name, value }) => {
      const { dtype, shape } = graph.values[value] as Graph['values'][number];
      return name in feeds ? [[name, new Tensor(dtype === 'i32' ? 'int32' : 'float32', feeds[name] as Float32Array, shape)] as const] : [];
    });
    const gradients = new Map(parameterSpecs(config).map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]));
    const buffers = new Map(
      parameterSpecs(config).map(({ name, shape }) => [name, new Tensor('float32', gradients.get(name) as Float32Array, shape)]),
    );
    let logprobs = new Float32Array(nTargets);
    for (let pass = 0; pass < passes; pass++) {
      const outputs = await runAccumulating(program, Object.fromEntries(tensors), buffers);
      logprobs = (outputs['logprobs'] as Tensor).data as Float32Array<ArrayBuffer>;
    }
    if (options.device !== undefined) await collectGradients(options.device);
    return { logprobs, gradients };
  } finally {
    await program.session.release();
  }
}

/** Every parameter's gradient along one random direction. */
function gradientErrors(loss: Graph, feeds: Feeds, computed: Computed): Located[] {
  const forward = logprobProgram(model, batch, length, nTargets);
  const lossInputs = { old: feeds['loss:old'] as Feed, weight: feeds['loss:weight'] as Feed };
  const step = 1e-5;
  return parameterSpecs(config).map(({ name }) => {
    const rng = Rng.of(2, 'direction', name);
    const gradient = (computed.gradients.get(name) as Float32Array).map((sum) => sum / passes);
    const direction = Float64Array.from(gradient, () => (rng.uniform() < 0.5 ? -1 : 1));
    const lossAt = (delta: number): number => {
      const moved = Float64Array.from(feeds[name] as Float32Array, (value, i) => value + delta * (direction[i] as number));
      return evaluate(loss, { ...evaluate(forward, { ...feeds, [name]: moved }), ...lossInputs })['loss']?.[0] ?? NaN;
    };
    const expected = (lossAt(step) - lossAt(-step)) / (2 * step);
    const along = gradient.reduce((sum, element, i) => sum + element * (direction[i] as number), 0);
    return { name, error: nanAsInfinite(Math.abs(along - expected) / Math.hypot(...gradient, 1e-6)) };
  });
}

function logprobError(feeds: Feeds, computed: Computed): Located {
  const expected = evaluate(logprobProgram(model, batch, length, nTargets), feeds)['logprobs'] ?? new Float64Array(1);
  const errors = Array.from(expected, (logprob, i) => Math.abs((computed.logprobs[i] ?? NaN) - logprob) / (1 + Math.abs(logprob)));
  return { name: 'logprobs', error: Math.max(...errors.map(nanAsInfinite)) };
}

function nanAsInfinite(error: number): number {
  return Number.isNaN(error) ? Infinity : error;
}
