/** How the engine's process is started so that it needs little memory. */

/**
 * glibc: no block is mapped on its own, nothing is given back, and all threads share one heap. A run then finds the memory of the run
 * before it, whatever program that was. Other platforms ignore these.
 */
export const engineEnvironment = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: '1000000000000',
  MALLOC_TOP_PAD_: '1048576',
  MALLOC_ARENA_MAX: '1',
} as const;

/** The setting by which the process knows that it was started so, and on a platform that has it. */
export const heapSetting = 'MALLOC_MMAP_MAX_';

/** Lets the engine collect garbage where it knows that there is much. */
export const engineArguments = ['--expose-gc'];

/** CUDA: products of float32 numbers in full, not with the ten bits of TF32, which would not agree with what else computes them. */
const fullPrecision = { NVIDIA_TF32_OVERRIDE: '0' } as const;

/** What a fork of the engine gets. */
export function environmentFor(platform: NodeJS.Platform, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return platform === 'linux' ? { ...inherited, ...fullPrecision, ...engineEnvironment } : inherited;
}
