/** How long a run will take, from what its model does in seconds of the real work. */
import { findAlgorithm } from '../algorithms/findAlgorithm.ts';
import type { ProblemSets } from '../data/problemSets.ts';
import { lengthBucket } from '../engine/local/buckets.ts';
import { decodeRows } from '../engine/local/keyValueCache.ts';
import { heldWeightBytes } from '../models/estimate.ts';
import type { ModelFolder } from '../models/folder.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { findCritic } from '../training/findPlugin.ts';
import { holdingOf, maxRows, sequencesAtOnce } from '../training/memory.ts';
import { closePolicy, openPolicy } from '../training/policy.ts';
import { switchesOf } from '../training/switches.ts';
import type { Check } from './doctorCheck.ts';
import { measureSampling, patienceMs, type SamplingSpeed } from './samplingSpeed.ts';
import { clock } from './terminalText.ts';
import { measureTraining } from './trainingSpeed.ts';

/** What AdamW, the norm of the gradient and clearing it take for each parameter; measured. */
const secondsPerUpdated = 9e-9;

export const speedCheck: Check = {
  name: 'speed',
  needs: ['model', 'tokenizer', 'problems', 'longestPrompt', 'fittingBytes'],
  async examine({ config, context, threads, signal }, facts) {
    const sets = facts.problems as ProblemSets;
    const work = workOf(config, sets, rowLimit(config, facts.model as ModelFolder, sets, facts.longestPrompt as number));
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
      const asked = sets.train.slice(0, config.training.problemsPerStep);
      const sampling = await measureSampling(policy, asked, { rows: work.rows, mostRows: Math.max(...work.sampled.map(({ rows }) => rows)) });
      if (sampling === null) {
        return {
          status: 'warning',
          detail: `no token was sampled within ${patienceMs / 1000} s`,
          remedy: 'This model is too large for this machine: choose a smaller one, or train elsewhere.',
        };
      }
      const trained = await measureTraining(policy, sampling.sequences, work.trainedPerStep);
      const updateSeconds = (await policy.engine.describe()).trainableParameters * secondsPerUpdated;
      const { stepSeconds, runSeconds, secondsBefore } = durations(config, work, { ...sampling, trainedPerSecond: trained, updateSeconds });
      const sampled = sampling.rateAt(work.rows);
      facts.speed = {
        sampled: rounded(sampled),
        trained: rounded(trained),
        stepSeconds: rounded(stepSeconds),
        runSeconds: Math.round(runSeconds),
      };
      const rates = `${rate(sampled)} tokens/s sampled, ${rate(trained)} tokens/s trained`;
      return {
        status: 'ok',
        detail: `${rates}; a step takes about ${stepSeconds < 10 ? `${stepSeconds.toFixed(1)} s` : clock(stepSeconds)}, ${config.training.steps} steps about ${clock(runSeconds)}, evaluations included, ${clock(secondsBefore)} of them before the first step`,
        ...adviceOnRows(sampling, work),
      };
    } finally {
      await closePolicy(policy);
    }
  },
};

/** Completions of which so many are decoded at once. */
interface Sampled {
  readonly completions: number;
  readonly rows: number;
}

/** What a run does, if every problem gets its critiques, and every sequence is trained on. */
interface Work {
  /** Rows decoded at once when a step samples its rollouts. */
  readonly rows: number;
  readonly mostRows: number;
  /** Before the first step, in one step, and in the whole run. */
  readonly before: readonly Sampled[];
  readonly inStep: readonly Sampled[];
  readonly sampled: readonly Sampled[];
  readonly trainedPerStep: number;
}

/** Most rows that the engine decodes at once. */
function rowLimit(config: RunConfig, { config: model }: ModelFolder, { train, heldOut }: ProblemSets, longestPrompt: number): number {
  const switches = switchesOf(config);
  const capacity = lengthBucket(Math.min(model.maxPositions, longestPrompt + config.sampling.maxTokens));
  const sequences = sequencesAtOnce(config, switches, { train: train.length, heldOut: heldOut.length });
  return decodeRows(model, Math.min(maxRows, sequences), capacity, heldWeightBytes(model, holdingOf(config, switches, model)));
}

function workOf(config: RunConfig, { train, heldOut }: ProblemSets, mostRows: number): Work {
  const { needs } = findAlgorithm(config.algorithm);
  const { nRollouts, kRefinements, critiquesPerProblem } = switchesOf(config);
  const { steps } = config.training;
  const problems = Math.min(config.training.problemsPerStep, train.length);
  const { every, samples, finalSamples, failureAttempts } = config.evaluation;
  const critiques = needs.critiques ? critiquesPerProblem : 0;
  const evaluations = every === 0 ? 0 : Math.floor((steps - 1) / every);
  const sampledAs = (atOnce: number, times: number): Sampled => ({ completions: atOnce * times, rows: Math.max(1, Math.min(mostRows, atOnce)) });
  const inStep = [
    sampledAs(problems * nRollouts, needs.rollouts ? 1 : 0),
    sampledAs(problems * critiques, (findCritic(config.critic).needs.generation ? 1 : 0) + (needs.refinements ? 1 : 0)),
  ].filter(({ completions }) => completions > 0);
  const before = [sampledAs(heldOut.length * finalSamples, 1), sampledAs(train.length * failureAttempts, 1)];
  const inEvaluations = [...before, sampledAs(heldOut.length * samples, evaluations), ...before].filter(({ completions }) => completions > 0);
  const imitated = (needs.critiqueTargets ? critiques : 0) + (needs.demonstrations ? 1 : 0);
  return {
    rows: inStep[0]?.rows ?? inEvaluations[0]?.rows ?? 1,
    mostRows,
    before,
    inStep,
    sampled: [...inStep.map(({ completions, rows }) => ({ completions: completions * steps, rows })), ...inEvaluations],
    trainedPerStep: problems * ((needs.rollouts ? nRollouts : 0) + (needs.refinements ? kRefinements : 0) + imitated),
  };
}

/** Of a step and of the whole run, if answers keep their length. */
function durations(
  { training: { steps, updatesPerStep } }: RunConfig,
  { before, inStep, sampled, trainedPerStep }: Work,
  speed: SamplingSpeed & { readonly trainedPerSecond: number; readonly updateSeconds: number },
): { readonly stepSeconds: number; readonly runSeconds: number; readonly secondsBefore: number } {
  const sampling = (all: readonly Sampled[]): number =>
    all.reduce((sum, { completions, rows }) => sum + (completions * speed.completionLength) / speed.rateAt(rows), 0);
  const training = (trainedPerStep * (speed.promptLength + speed.completionLength)) / speed.trainedPerSecond + updatesPerStep * speed.updateSeconds;
  return { stepSeconds: sampling(inStep) + training, runSeconds: sampling(sampled) + steps * training, secondsBefore: sampling(before) };
}

/** Where more rows at once would cost little, more of them are the way to speed. */
function adviceOnRows(sampling: SamplingSpeed, { rows, mostRows }: Work): { readonly remedy?: string } {
  const gain = sampling.rateAt(mostRows) / sampling.rateAt(rows);
  if (mostRows < 2 * rows || gain < 2) return {};
  return {
    remedy: `A step decodes ${rows} answers at once; ${mostRows} at once would be sampled at ${gain.toFixed(1)} times the speed. Raise training.problemsPerStep or switches.nRollouts, and lower training.steps.`,
  };
}

/** Three significant digits at the least, so that neither a slow model's tokens a second nor a fast one's step are 0. */
function rounded(value: number): number {
  return value < 100 ? Number(value.toPrecision(3)) : Math.round(value);
}

function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
}
