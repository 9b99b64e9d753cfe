/**
 * Does an execution provider compute what the CPU computes? GPU kernels can be silently wrong, and for some sizes only, so besides the check
 * against float64 (`selfCheck.ts`) a random model whose sizes fill the tiles of such kernels is trained and sampled on both.
 */
import { Rng } from '../../core/rng.ts';
import { sizeOf, type Graph } from '../../graph/ir.ts';
import type { ModelConfig } from '../../models/config.ts';
import { initializeParameters } from '../../models/initialize.ts';
import { decodeProgram, logprobProgram, prefillProgram, trainProgram, type ProgramModel } from '../../models/programs.ts';
import { ropeTables } from '../../models/rope.ts';
import { Device } from './device.ts';
import { providerTraits } from './providers.ts';
import { noProvider } from './providerErrors.ts';
import { checkedConfig, selfCheck, shapedLoss, tolerance, type SelfCheckResult } from './selfCheck.ts';
import { compile, listSupportedBackends, runProgram, Tensor, type SessionOptions } from './session.ts';

/** The kinds of parameters are those of the self-check. */
const config: ModelConfig = {
  ...checkedConfig,
  vocabularySize: 200,
  hiddenSize: 64,
  headDim: 16,
  intermediateSize: 96,
  maxPositions: 64,
};
const model: ProgramModel = { config, lora: undefined, positions: config.maxPositions };
const [batch, length, nTargets] = [4, 48, 70] as const;

type Feeds = Readonly<Record<string, Tensor>>;
type Outputs = Readonly<Record<string, Tensor>>;
type Options = Omit<SessionOptions, 'device'>;

/** Takes seconds: most of them go to compiling the GPU's kernels. Throws `engine.noProvider` where there is none to check. */
export async function providerCheck(options: Options): Promise<SelfCheckResult> {
  const { provider = 'cpu' } = options;
  if (provider === 'cpu') return selfCheck(options);
  if (!listSupportedBackends().some(({ name }) => name === provider)) throw noProvider(provider, 'its package of onnxruntime-node does not have it');
  const start = performance.now();
  const device = providerTraits[provider].keepsTensors ? new Device(options) : undefined;
  const narrow = await selfCheck(device === undefined ? options : { ...options, device });
  await device?.dispose();
  const wide = await compareAll(options);
  const { maxRelativeError, worst } = wide.maxRelativeError > narrow.maxRelativeError ? wide : narrow;
  const isRight = narrow.ok && wide.maxRelativeError < tolerance;
  const op = isRight ? undefined : await firstWrongOp(options);
  const seconds = (performance.now() - start) / 1000;
  return { ok: isRight, maxRelativeError, worst, seconds, repeats: wide.repeats, ...(op === undefined ? {} : { op }) };
}

/** Training, logprobs, prefill and a token step, each twice. */
async function compareAll(options: Options): Promise<Pick<SelfCheckResult, 'maxRelativeError' | 'worst'> & { readonly repeats: boolean }> {
  const programs: Readonly<Record<string, Graph>> = {
    training: trainingGraph(),
    logprobs: logprobProgram(model, batch, length, nTargets),
    prefill: prefillProgram(model, batch, length),
    sampling: decodeProgram(model, batch, length, 'sample'),
  };
  let [maxRelativeError, worst, repeats] = [0, '', true];
  for (const [title, graph] of Object.entries(programs)) {
    const feeds = randomFeeds(graph);
    const [expected] = (await runTimes(1, graph, feeds, { threads: options.threads })) as [Outputs];
    const [first, second] = (await runTimes(2, graph, feeds, options)) as [Outputs, Outputs];
    for (const [name, tensor] of Object.entries(expected)) {
      const error = relativeError(first[name] as Tensor, tensor);
      if (!(error <= maxRelativeError)) [maxRelativeError, worst] = [error, `${name} in ${title}`];
      repeats &&= relativeError(second[name] as Tensor, first[name] as Tensor) === 0;
    }
  }
  return { maxRelativeError, worst, repeats };
}

function trainingGraph(): Graph {
  return trainProgram(model, { batch, length, nTargets, loss: shapedLoss(nTargets), layerCheckpointing: false });
}

/** Looks at every intermediate value of a training pass; undefined if each is right when it is an output, too. */
async function firstWrongOp(options: Options): Promise<string | undefined> {
  const whole = trainingGraph();
  const inner = whole.nodes.flatMap(({ outputs }) => outputs).filter((id) => whole.values[id]?.dtype === 'f32');
  const graph = { ...whole, outputs: inner.map((id) => ({ name: `value ${id}`, value: id })) };
  const feeds = randomFeeds(graph);
  const [expected] = (await runTimes(1, graph, feeds, { threads: options.threads })) as [Outputs];
  const [actual] = (await runTimes(1, graph, feeds, options)) as [Outputs];
  const isWrong = (id: number): boolean => !(relativeError(actual[`value ${id}`] as Tensor, expected[`value ${id}`] as Tensor) < tolerance);
  return graph.nodes.find(({ outputs }) => outputs.some((id) => inner.includes(id) && isWrong(id)))?.op;
}

async function runTimes(times: number, graph: Graph, feeds: Feeds, options: SessionOptions): Promise<Outputs[]> {
  const program = await compile(graph, options);
  try {
    const outputs: Outputs[] = [];
    for (let run = 0; run < times; run++) outputs.push(await runProgram(program, feeds));
    return outputs;
  } finally {
    await program.session.release();
  }
}

function randomFeeds(graph: Graph): Feeds {
  const rng = Rng.of(3, 'provider-check');
  const { cos, sin } = ropeTables(config.rope, config.headDim, config.maxPositions);
  const parameters = initializeParameters(config, 1);
  const limits: Readonly<Record<string, number>> = { rows: batch * length, positions: length };
  const valuesOf = (name: string, count: number): Float32Array => {
    const fill = (draw: () => number): Float32Array => Float32Array.from({ length: count }, draw);
    if (name === 'cos' || name === 'sin') return name === 'cos' ? cos : sin;
    if (name === 'uniforms') return fill(() => 0.05 + 0.9 * rng.uniform());
    if (name === 'inverseTemperature') return fill(() => 1);
    if (name === 'loss:old') return fill(() => -Math.log(config.vocabularySize) + 0.5 * rng.normal());
    // Biases away from 0 and norms away from 1, so that an error in them shows.
    return parameters.get(name)?.map((value) => value + 0.1 * rng.normal()) ?? fill(() => rng.normal());
  };
  const tensors = graph.inputs.map(({ name, value }) => {
    const { dtype, shape } = graph.values[value] as Graph['values'][number];
    const limit = limits[name] ?? config.vocabularySize;
    const integers = (): Int32Array => Int32Array.from({ length: sizeOf(shape) }, () => Math.floor(rng.uniform() * limit));
    return [name, dtype === 'i32' ? new Tensor('int32', integers(), shape) : new Tensor('float32', valuesOf(name, sizeOf(shape)), shape)] as const;
  });
  return Object.fromEntries(tensors);
}

/** ‖actual − expected‖ / ‖expected‖; infinite where a number is not finite. */
function relativeError({ data: actual }: Tensor, { data: expected }: Tensor): number {
  let [difference, norm] = [0, 1e-12];
  for (let i = 0; i < expected.length; i++) {
    difference += (Number(actual[i]) - Number(expected[i])) ** 2;
    norm += Number(expected[i]) ** 2;
  }
  const error = Math.sqrt(difference / norm);
  return Number.isNaN(error) ? Infinity : error;
}
