// The part of the gate that needs a real VS Code and a browser: `node scripts/vscodeTests.mjs`, or with names of tests for some of them.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { node, runSteps, vitest } from './steps.mjs';

const config = ['--config', 'test/vscode/vitestConfig.ts'];

/** Installs what is missing, packages the extension, then runs the tests on the package. */
export const vscodeSteps = [
  node('browser', 'scripts/browser.mjs'),
  node('editor', 'scripts/vscode.mjs'),
  node('package', 'scripts/package.mjs'),
  vitest('package contents', ...config, 'packageContents'),
  vitest('accessibility', ...config, 'accessibility'),
  vitest('inside the editor', ...config, 'inHost'),
  // Its steps build on each other.
  vitest('story', ...config, '--bail=1', 'story'),
];

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  const wanted = process.argv.slice(2);
  runSteps(vscodeSteps.filter(({ name }, i) => wanted.length === 0 || i < 3 || wanted.includes(name)));
}
