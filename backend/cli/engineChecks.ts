/** What only running the engine can tell: that it computes right, and how long a run will take. */
import { join } from 'node:path';
import { lossProgram, suppliedInputs } from '../algorithms/algorithm.ts';
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import { Rng } from '../core/rng.ts';
import { mean, sum } from '../core/stats.ts';
import type { TrainSequence } from '../engine/contract.ts';
import { EngineProcess } from '../engine/local/client.ts';
import type { Problem } from '../protocol/records.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { loadTokenizer } from '../text/tokenizer.ts';
import { completionSequence } from '../training/batch.ts';
import { findCritic } from '../training/findPlugin.ts';
import { closePolicy, openPolicy, type Policy } from '../training/policy.ts';
import { sampleCompletions } from '../training/sampling.ts';
import { switchesOf } from '../training/switches.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import type { Check } from './doctorCheck.ts';
import { clock } from './terminalText.ts';

/** Largest difference of a logprob between the sampling and the training graph: float32, summed in another order. */
const agreement = 1e-3;

const remedy = 'Reinstall with npm ci. If it stays, please report the processor: its kernels compute wrongly.';

/** On the bundled model, so that a broken runtime is told from a broken model. */
export const engineCheck: Check = {
  name: 'engine',
  needs: [],
  async examine({ context, threads, signal }) {
    const model = join(context.demoFolder, 'model');
    const { encodeText, stopTokens } = await loadTokenizer(model);
    const prompt = encodeText('Ana has 20 shells.');
    const gradients = await EngineProcess.selfCheck({ entry: context.entries.engine, threads });
    if (!gradients.ok) {
      return {
        status: 'failed',
        detail: `A gradient is wrong by ${gradients.maxRelativeError.toExponential(0)} of its size, of ${gradients.worst}.`,
        remedy,
      };
    }
    const engine = await EngineProcess.open({
      entry: context.entries.engine,
      model,
      keepReference: false,
      threads,
      maxPositions: 64,
      microBatchTokens: 64,
      layerCheckpointing: false,
      maxRows: 4,
    });
    try {
      const request = { prompts: [prompt], seeds: [[1, 2]], maxTokens: 12, temperature: 1, topK: 0, topP: 1, stopTokens };
      const sampled = (await engine.sample(request, { signal })).sequences.flat();
      const { logprobs } = await engine.forward(
        sampled.map(({ tokens }) => completionSequence(prompt, tokens)),
        { signal },
      );
      const differences = sampled.flatMap((sequence, i) => [...sequence.logprobs].map((value, t) => Math.abs(value - (logprobs[i]?.[t] ?? NaN))));
      const largest = differences.reduce((most, value) => (value <= most ? most : value), 0);
      const { provider } = await engine.describe();
      if (largest <= agreement) {
        const facts = `gradients are right to ${gradients.maxRelativeError.toExponential(0)}, sampling and training agree to ${largest.toExponential(0)}`;
        return { status: 'ok', detail: `onnxruntime on ${provider}, ${threads} threads; ${facts}` };
      }
      return {
        status: 'failed',
        detail: `Sampling and training differ by ${largest} in a logprob; ${agreement} is allowed.`,
        remedy,
      };
    } finally {
      await engine.dispose();
    }
  },
};

/** How long sampling is measured. */
const probeMs = 2500;
/** What AdamW, the norm of the gradient and clearing it take for each parameter; measured. */
const secondsPerUpdated = 9e-9;
/** What one processor is guessed to do in a training pass, to choose a measurement of seconds: a model may be a thousand times larger. */
const guessedFlops = 5e10;

export const speedCheck: Check = {
  name: 'speed',
  needs: ['tokenizer', 'problems', 'longestPrompt', 'fittingBytes'],
  async examine({ config, context, threads, signal }, facts) {
    const sets = facts.problems as ProblemSets;
    const policy = await openPolicy({
      id: 'doctor',
      config,
      entries: context.entries,
      demoFolder: context.demoFolder,
      threads,
      observer: {},
      signal,
    });
    try {
      const sampling = await measureSampling(policy, sets.train);
      if (sampling.tokensPerSecond === 0) {
        return {
          status: 'warning',
          detail: `no token was sampled within ${probeMs / 1000} s`,
          remedy: 'This model is too large for this machine: choose a smaller one, or train elsewhere.',
        };
      }
      const trained = await measureTraining(policy, sampling.sequences);
      const updateSeconds = (await policy.engine.describe()).trainableParameters * secondsPerUpdated;
      const { stepSeconds, runSeconds } = durations(config, sets, { ...sampling, trainedPerSecond: trained, updateSeconds });
      facts.speed = {
        sampled: roundedRate(sampling.tokensPerSecond),
        trained: roundedRate(trained),
        stepSeconds: Math.round(stepSeconds),
        runSeconds: Math.round(runSeconds),
      };
      const rates = `${rate(sampling.tokensPerSecond)} tokens/s sampled, ${rate(trained)} tokens/s trained`;
      return {
        status: 'ok',
        detail: `${rates}; a step takes about ${clock(stepSeconds)}, ${config.training.steps} steps about ${clock(runSeconds)}, evaluations included`,
      };
    } finally {
      await closePolicy(policy);
    }
  },
};

interface SamplingSpeed {
  readonly tokensPerSecond: number;
  /** Tokens of a completion; the longest possible if none was finished. */
  readonly completionLength: number;
  readonly promptLength: number;
  /** What was sampled, or prompts repeated if nothing was finished. */
  readonly sequences: readonly { readonly prompt: readonly number[]; readonly completion: ArrayLike<number> }[];
}

/**
 * Batches like the run's until the time is over. The first one, which also prepares the programs, counts only if there is no other, and
 * then from its first sign of progress on.
 */
async function measureSampling(policy: Policy, problems: readonly Problem[]): Promise<SamplingSpeed> {
  const { config } = policy;
  const asked = problems.slice(0, config.training.problemsPerStep);
  const prompts = asked.map((problem) => policy.promptOf(problem));
  const deadline = performance.now() + probeMs;
  const rounds: { tokens: number; ms: number }[] = [];
  let sequences: SamplingSpeed['sequences'] = [];
  for (let round = 0; performance.now() < deadline; round++) {
    const start = performance.now();
    let prepared = { tokens: 0, ms: 0 };
    const timeout = AbortSignal.timeout(Math.ceil(deadline - start));
    const seeds = asked.map((_, p) => Array.from({ length: switchesOf(config).nRollouts }, (_, i) => Rng.of(0, 'doctor', round, p, i).uint32()));
    let tokens = 0;
    try {
      const result = await sampleCompletions(
        { ...policy, signal: AbortSignal.any([policy.signal, timeout]) },
        {
          prompts,
          seeds,
          onProgress: (done) => {
            tokens = done;
            if (prepared.tokens === 0) prepared = { tokens, ms: performance.now() - start };
          },
        },
      );
      tokens = result.tokensSampled;
      sequences = result.sequences.flatMap((all, p) => all.map((sequence) => ({ prompt: prompts[p] ?? [], completion: sequence.tokens })));
    } catch (error) {
      policy.signal.throwIfAborted();
      if (!timeout.aborted) throw error;
    }
    const isFirst = round === 0 && tokens > prepared.tokens;
    rounds.push(
      isFirst ? { tokens: tokens - prepared.tokens, ms: performance.now() - start - prepared.ms } : { tokens, ms: performance.now() - start },
    );
  }
  const counted = rounds.length > 1 ? rounds.slice(1) : rounds;
  const isFinished = sequences.length > 0;
  return {
    tokensPerSecond: (1000 * sum(counted.map(({ tokens }) => tokens))) / sum(counted.map(({ ms }) => ms)),
    completionLength: isFinished ? mean(sequences.map(({ completion }) => completion.length)) : config.sampling.maxTokens,
    promptLength: mean(prompts.map((prompt) => prompt.length)),
    sequences: isFinished ? sequences : prompts.map((prompt) => ({ prompt, completion: prompt })),
  };
}

/** Tokens a second of forward and backward passes; the second of two, unless the first took long. Nothing is updated. */
async function measureTraining({ engine, config, signal }: Policy, sampled: SamplingSpeed['sequences']): Promise<number> {
  const { parameters } = await engine.describe();
  const budget = Math.min(2 * config.training.microBatchTokens, (guessedFlops * (probeMs / 1000)) / (6 * parameters));
  const sequences: TrainSequence[] = [];
  let tokens = 0;
  for (const { prompt, completion } of sampled) {
    if (completion.length === 0) continue;
    if (tokens > 0 && tokens + prompt.length + completion.length > budget) break;
    const inputs = Object.fromEntries(suppliedInputs.map((name) => [name, new Float32Array(completion.length)]));
    sequences.push({ ...completionSequence(prompt, completion), inputs });
    tokens += prompt.length + completion.length;
  }
  const program = lossProgram(findAlgorithm(config.algorithm), switchesOf(config));
  let seconds = 0;
  for (let pass = 0; pass < 2 && seconds < probeMs / 1000; pass++) {
    const start = performance.now();
    await engine.forwardBackward(sequences, program, { signal });
    seconds = (performance.now() - start) / 1000;
  }
  return tokens / seconds;
}

/** Of a step and of the whole run, if answers keep their length, every problem gets its critiques, and every sequence is trained on. */
function durations(
  config: RunConfig,
  { train, heldOut }: ProblemSets,
  speed: SamplingSpeed & { readonly trainedPerSecond: number; readonly updateSeconds: number },
): { readonly stepSeconds: number; readonly runSeconds: number } {
  const { needs } = findAlgorithm(config.algorithm);
  const { nRollouts, kRefinements, critiquesPerProblem } = switchesOf(config);
  const { steps, updatesPerStep } = config.training;
  const problemsPerStep = Math.min(config.training.problemsPerStep, train.length);
  const { every, samples, finalSamples, failureAttempts } = config.evaluation;
  const critiques = needs.critiques ? critiquesPerProblem : 0;
  const critiqued = critiques * ((findCritic(config.critic).needs.generation ? 1 : 0) + (needs.refinements ? 1 : 0));
  const evaluations = every === 0 ? 0 : Math.floor((steps - 1) / every);
  const inSteps = steps * problemsPerStep * ((needs.rollouts ? nRollouts : 0) + critiqued);
  const inEvaluations = heldOut.length * (2 * finalSamples + evaluations * samples) + train.length * 2 * failureAttempts;
  const imitated = (needs.critiqueTargets ? critiques : 0) + (needs.demonstrations ? 1 : 0);
  const trained = steps * problemsPerStep * ((needs.rollouts ? nRollouts : 0) + (needs.refinements ? kRefinements : 0) + imitated);
  const secondsFor = (completions: number, sequences: number, updates: number): number =>
    (completions * speed.completionLength) / speed.tokensPerSecond +
    (sequences * (speed.promptLength + speed.completionLength)) / speed.trainedPerSecond +
    updates * speed.updateSeconds;
  return {
    stepSeconds: secondsFor(inSteps / steps, trained / steps, updatesPerStep),
    runSeconds: secondsFor(inSteps + inEvaluations, trained, steps * updatesPerStep),
  };
}

/** Three significant digits at the least, so that a slow model is not one of 0 tokens a second. */
function roundedRate(value: number): number {
  return value < 100 ? Number(value.toPrecision(3)) : Math.round(value);
}

function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
}
