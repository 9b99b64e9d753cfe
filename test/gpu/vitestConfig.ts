// The engine on WebGPU, one file at a time: a GPU in software takes both processors. The gate runs it where the browser is installed.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/gpu/{webgpu,webgpuRun}.ts'],
    globalSetup: ['test/support/buildPrograms.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 600_000,
  },
});
