/** What the critic's own model takes beside the policy: weights, caches and programs of a second engine that only samples. */
import type { Critic } from '../critics/critic.ts';
import { cacheBytes } from '../engine/local/keyValueCache.ts';
import { parameterCount } from '../models/estimate.ts';
import { readModelConfig } from '../models/folder.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { maxRows, programBytes, type RunMemory } from './memory.ts';
import { resolveModel } from './sources.ts';

const bytesAWeight = 4;

/** The settings under which the critic's own model is opened; null where the run names none. */
export function criticModelConfig(config: RunConfig): RunConfig | null {
  const { modelFolder, temperature, topP } = config.criticOptions;
  if (modelFolder === null) return null;
  return {
    ...config,
    model: { ...config.model, path: modelFolder, lora: null },
    // Wherever the policy is trained.
    engine: { ...config.engine, tinker: null },
    // It grades nothing.
    verifier: 'exact',
    sampling: { ...config.sampling, temperature, topK: 0, topP: topP ?? 1 },
  };
}

/** Bytes; 0 for critics that need no model folder. Throws what finding the folder and reading its configuration throw. */
export async function criticModelBytes({ needs }: Critic, config: RunConfig, longestPrompt: number, demoFolder: string): Promise<number> {
  const own = criticModelConfig(config);
  if (needs.model !== 'folder' || own === null) return 0;
  const { folder } = await resolveModel(own, { demoFolder, part: 'description' });
  const { config: model } = await readModelConfig(folder);
  // A criticized answer stands in the prompt; the old cache stands beside the new one while it grows.
  const length = Math.min(model.maxPositions, longestPrompt + config.sampling.maxTokens + config.criticOptions.maxTokens);
  return bytesAWeight * parameterCount(model) + 2 * cacheBytes(model, maxRows, length) + programBytes;
}

/** The run's memory with that of its critic, counted as decoding. */
export function withCriticModel(memory: RunMemory, criticBytes: number): RunMemory {
  return { ...memory, decoding: memory.decoding + criticBytes, total: memory.total + criticBytes };
}
