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
  vitest('controls', ...config, 'test/vscode/controls'),
  vitest('inside the editor', ...config, 'inHost'),
  // In each of these, tests go on where the one before ended.
  vitest('story', ...config, '--bail=1', 'test/vscode/story'),
  vitest('experiment', ...config, '--bail=1', 'test/vscode/experiment'),
  vitest('language models', ...config, '--bail=1', 'test/vscode/languageModels'),
];

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  const wanted = process.argv.slice(2);
  runSteps(vscodeSteps.filter(({ name }, i) => wanted.length === 0 || i < 3 || wanted.includes(name)));
}
