/** The memory that a run will take, said before it starts: the system ends a process that takes too much without a word. */
import { WorkbenchError } from '../core/errors.ts';
import { availableBytes } from '../engine/local/memoryBudget.ts';
import { cacheBytes } from '../engine/local/keyValueCache.ts';
import type { ModelConfig } from '../models/config.ts';
import { estimateTrainingBytes } from '../models/estimate.ts';
import type { RunConfig, Switches } from '../protocol/runConfig.ts';

/** The trainer's process, and the programs that the engine compiles, as measured in the demonstration. */
const trainerBytes = 140e6;
const programBytes = 100e6;
/** Decode batch: more rows cost memory and, on few cores, gain nothing. */
export const maxRows = 64;

export const memoryRemedy =
  'Lower training.microBatchTokens or sampling.maxTokens, turn on training.layerCheckpointing, train an adapter (model.lora), or close other programs.';

/** Bytes at the peak. */
export interface RunMemory {
  /** Weights, gradients, moments, activations, and the engine's process. */
  readonly training: number;
  /** Caches of keys and values. */
  readonly decoding: number;
  /** The trainer's process and compiled programs. */
  readonly programs: number;
  readonly total: number;
}

/** `longestPrompt` in tokens. */
export function estimateRunMemory(run: RunConfig, switches: Switches, model: ModelConfig, longestPrompt: number): RunMemory {
  const length = longestPrompt + run.sampling.maxTokens;
  const batch = Math.max(1, Math.floor(run.training.microBatchTokens / length));
  const shape = { batch, length, nTargets: batch * run.sampling.maxTokens, layerCheckpointing: run.training.layerCheckpointing };
  const training = estimateTrainingBytes(model, run.model.lora ?? undefined, shape, switches.klCoefficient > 0);
  // The old cache stands beside the new one while it grows.
  const decoding = 2 * cacheBytes(model, maxRows, length);
  const programs = trainerBytes + programBytes;
  return { training, decoding, programs, total: training + decoding + programs };
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

/** Bytes for people: `2.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
