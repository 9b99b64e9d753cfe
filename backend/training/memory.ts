/** The memory that a run will take, said before it starts: the system ends a process that takes too much without a word. */
import { WorkbenchError } from '../core/errors.ts';
import { availableBytes } from '../engine/local/memoryBudget.ts';
import { lengthBucket } from '../engine/local/buckets.ts';
import { cacheBytes, decodeRows } from '../engine/local/keyValueCache.ts';
import type { ModelConfig } from '../models/config.ts';
import {
  estimateSamplingBytes,
  estimateStaticBytes,
  estimateTrainingBytes,
  heldWeightBytes,
  parameterCount,
  prefersLayers,
  type Holding,
} from '../models/estimate.ts';
import { loraSchema, type RunConfig, type Switches } from '../protocol/runConfig.ts';

/** The trainer's process, and the programs that the engine compiles, as measured in the demonstration. */
const trainerBytes = 140e6;
export const programBytes = 100e6;
/** Decode batch: more rows cost memory and, on few cores, gain nothing. */
export const maxRows = 64;

export const memoryRemedy =
  'Lower training.microBatchTokens or sampling.maxTokens, turn on training.layerCheckpointing, train an adapter (model.lora), or close other programs.';

/** Bytes at the peak. */
export interface RunMemory {
  /** The engine's process while it trains: weights, gradients, moments, activations. */
  readonly training: number;
  /** The engine's process while it samples, caches of keys and values included. */
  readonly decoding: number;
  /** The trainer's process and compiled programs. */
  readonly programs: number;
  readonly total: number;
}

/** `longestPrompt` in tokens; `sequences` are the most that are sampled in one call (`sequencesAtOnce`). */
export function estimateRunMemory(run: RunConfig, switches: Switches, model: ModelConfig, longestPrompt: number, sequences = maxRows): RunMemory {
  // The model is on another machine.
  if (run.engine.tinker !== null) return { training: 0, decoding: 0, programs: trainerBytes, total: trainerBytes };
  const { microBatchTokens, layerCheckpointing } = run.training;
  const length = Math.min(model.maxPositions, longestPrompt + run.sampling.maxTokens);
  const batch = Math.max(1, Math.floor(microBatchTokens / length));
  const holding = holdingOf(run, switches, model);
  const held = estimateStaticBytes(model, holding);
  const training = estimateTrainingBytes(model, holding, { batch, length, nTargets: batch * run.sampling.maxTokens, layerCheckpointing });
  const capacity = lengthBucket(length);
  const rows = decodeRows(model, Math.min(maxRows, sequences), capacity, heldWeightBytes(model, holding));
  const caches = cacheBytes(model, rows, capacity);
  const prefill = { batch: Math.max(1, Math.floor(microBatchTokens / longestPrompt)), length: longestPrompt, half: holding.half === true };
  const decoding = held + caches + estimateSamplingBytes({ config: model, lora: holding.lora, positions: length }, rows, capacity, prefill);
  const programs = trainerBytes + programBytes;
  // Where programs share a heap, sampling and training find each other's memory (`engine/local/session.ts`).
  const engine = process.platform === 'linux' ? Math.max(training, decoding) : training + decoding - held;
  return { training, decoding, programs, total: engine + programs };
}

/** The most sequences that a run samples in one call. */
export function sequencesAtOnce({ training, evaluation }: RunConfig, { nRollouts }: Switches, problems: { train: number; heldOut: number }): number {
  const inStep = Math.min(training.problemsPerStep, problems.train) * nRollouts;
  return Math.max(inStep, problems.train * evaluation.failureAttempts, problems.heldOut * Math.max(evaluation.samples, evaluation.finalSamples));
}

/** How the engine will hold the run's model. */
export function holdingOf({ model: { lora }, training }: RunConfig, { klCoefficient }: Switches, model: ModelConfig): Holding {
  const half = lora !== null && training.halfWeights;
  const layerwise = half || (training.layerwise ?? prefersLayers(model, training.microBatchTokens));
  return { lora: lora ?? undefined, keepReference: klCoefficient > 0, layerwise, half };
}

/** Throws `engine.outOfMemory` if the run does not fit; `heldBytes` of it are held already by the processes that are open. */
export function requireMemory({ training, decoding, programs, total }: RunMemory, heldBytes: number): void {
  const limit = availableBytes() + heldBytes;
  if (total <= limit) return;
  throw new WorkbenchError({
    code: 'engine.outOfMemory',
    message: `The run needs about ${bytesText(total)} (training ${bytesText(training)}, decoding ${bytesText(decoding)}, programs ${bytesText(programs)}); ${bytesText(limit)} are there.`,
    remedy: memoryRemedy,
  });
}

/** What could be changed in a run that is too large, mildest first. */
const changes: readonly { readonly how: string; readonly change: (run: RunConfig, longest: number) => RunConfig }[] = [
  { how: 'turn on training.layerCheckpointing', change: (run) => withTraining(run, { layerCheckpointing: true }) },
  {
    how: 'lower training.microBatchTokens to the longest sequence',
    change: (run, longest) => withTraining(run, { microBatchTokens: Math.min(longest, run.training.microBatchTokens) }),
  },
  { how: 'train an adapter (model.lora)', change: (run) => ({ ...run, model: { ...run.model, lora: run.model.lora ?? loraSchema.parse({}) } }) },
  { how: 'turn on training.halfWeights', change: (run) => withTraining(run, { halfWeights: true }) },
  {
    how: 'halve sampling.maxTokens',
    change: (run) => ({ ...run, sampling: { ...run.sampling, maxTokens: Math.ceil(run.sampling.maxTokens / 2) } }),
  },
];

function withTraining(run: RunConfig, training: Partial<RunConfig['training']>): RunConfig {
  return { ...run, training: { ...run.training, ...training } };
}

/**
 * What to change so that a run fits into `available` bytes: one change if one is enough, else several, else the size of a model that would fit.
 * `totalOf` estimates a changed run; `longest` is its longest sequence, in tokens.
 */
export function memoryAdvice(
  run: RunConfig,
  model: ModelConfig,
  { available, longest, totalOf }: { readonly available: number; readonly longest: number; readonly totalOf: (changed: RunConfig) => number },
): string {
  const advice = (how: readonly string[], total: number): string => {
    const sentence = how.join(', and ');
    return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}: about ${bytesText(total)} then.`;
  };
  for (const { how, change } of changes) {
    const total = totalOf(change(run, longest));
    if (total <= available) return advice([how], total);
  }
  let [changed, total] = [run, totalOf(run)];
  const made: string[] = [];
  for (const { how, change } of changes) {
    const next = change(changed, longest);
    const less = totalOf(next);
    if (less >= total) continue;
    [changed, total] = [next, less];
    made.push(how);
    if (total <= available) return advice(made, total);
  }
  const fitting = (parameterCount(model) * available) / total;
  return `Choose a model of at most about ${countText(fitting)} parameters: this one needs ${bytesText(total)} even when you ${made.join(', and ')}.`;
}

/** `494M`, `1.5B`. */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  return count >= 1e6 ? `${Math.round(count / 1e6)}M` : Math.round(count).toLocaleString('en-US');
}

/** Bytes for people: `2.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
