// Tests in a real VS Code and a real browser: one at a time, with long limits. `node scripts/vscodeTests.mjs` sets up what they need.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/vscode/{packageContents,accessibility,controls,inHost,story,experiment,languageModels}.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
