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

/** `longestPrompt` in tokens. */
export function estimateRunMemory(run: RunConfig, switches: Switches, model: ModelConfig, longestPrompt: number): RunMemory {
  const { microBatchTokens, layerCheckpointing } = run.training;
  const length = Math.min(model.maxPositions, longestPrompt + run.sampling.maxTokens);
  const batch = Math.max(1, Math.floor(microBatchTokens / length));
  const holding = holdingOf(run, switches, model);
  const held = estimateStaticBytes(model, holding);
  const training = estimateTrainingBytes(model, holding, { batch, length, nTargets: batch * run.sampling.maxTokens, layerCheckpointing });
  const capacity = lengthBucket(length);
  const rows = decodeRows(model, maxRows, capacity, 4 * parameterCount(model));
  // The old cache stands beside the new one while it grows.
  const caches = 2 * cacheBytes(model, rows, capacity);
  const prefill = { batch: Math.max(1, Math.floor(microBatchTokens / longestPrompt)), length: longestPrompt };
  const decoding = held + caches + estimateSamplingBytes({ config: model, lora: holding.lora, positions: length }, rows, capacity, prefill);
  const programs = trainerBytes + programBytes;
  // Where programs share a heap, sampling and training find each other's memory (`engine/local/session.ts`).
  const engine = process.platform === 'linux' ? Math.max(training, decoding) : training + decoding - held;
  return { training, decoding, programs, total: engine + programs };
}

function holdingOf({ model: { lora }, training }: RunConfig, { klCoefficient }: Switches, model: ModelConfig): Holding {
  const layerwise = prefersLayers(model, training.microBatchTokens);
  return { lora: lora ?? undefined, keepReference: klCoefficient > 0, layerwise };
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
  { how: 'Turn on training.layerCheckpointing', change: (run) => ({ ...run, training: { ...run.training, layerCheckpointing: true } }) },
  {
    how: 'Lower training.microBatchTokens to the longest sequence',
    change: (run, longest) => ({ ...run, training: { ...run.training, microBatchTokens: Math.min(longest, run.training.microBatchTokens) } }),
  },
  { how: 'Train an adapter (model.lora)', change: (run) => ({ ...run, model: { ...run.model, lora: run.model.lora ?? loraSchema.parse({}) } }) },
  {
    how: 'Halve sampling.maxTokens',
    change: (run) => ({ ...run, sampling: { ...run.sampling, maxTokens: Math.ceil(run.sampling.maxTokens / 2) } }),
  },
];

/** What to change so that a run fits into `available` bytes: the first change that is enough, or all of them. Throws nothing. */
export function memoryAdvice(run: RunConfig, switches: Switches, model: ModelConfig, longestPrompt: number, available: number): string {
  const longest = longestPrompt + run.sampling.maxTokens;
  const totalOf = (changed: RunConfig): number => estimateRunMemory(changed, switches, model, longestPrompt).total;
  const before = totalOf(run);
  const single = changes.map(({ how, change }) => ({ how, total: totalOf(change(run, longest)) }));
  const enough = single.find(({ total }) => total <= available);
  if (enough !== undefined) return `${enough.how}: about ${bytesText(enough.total)} then.`;
  const all = totalOf(changes.reduce((changed, { change }) => change(changed, longest), run));
  if (all <= available) {
    const helpful = single.filter(({ total }) => total < before).map(({ how }, i) => (i === 0 ? how : `${how.charAt(0).toLowerCase()}${how.slice(1)}`));
    return `${helpful.join(', ')}, all of it: about ${bytesText(all)} then.`;
  }
  const fitting = Math.floor((parameterCount(model) * available) / all);
  return `Choose a smaller model, of about ${countText(fitting)} parameters: this one needs ${bytesText(all)} even with an adapter and the shortest micro-batches.`;
}

/** `494M`, `1.5B`. */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  return count >= 1e6 ? `${Math.round(count / 1e6)}M` : count.toLocaleString('en-US');
}

/** Bytes for people: `2.4 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** unit;
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
