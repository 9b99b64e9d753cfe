// The whole gate, behind `npm test`: sets itself up, then runs each step until one fails. The last line is `N passed, N failed`.
// With `--check` (`npm run check`): only what needs no build and no training, types, lint and architecture.
import { node, runSteps, vitest } from './steps.mjs';
import { vscodeSteps } from './vscodeTests.mjs';

/** @param {string} name @param {string} project */
const typesOf = (name, project) => node(name, 'node_modules/typescript/bin/tsc', '--noEmit', '--project', project);
const types = [typesOf('types', '.'), typesOf('types of the webviews', 'test/webview')];
const lint = node('lint', 'node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.');

const checkSteps = [...types, lint, vitest('architecture', 'test/architecture.test.ts')];
const allSteps = [
  node('build', 'esbuild.mjs'),
  ...types,
  lint,
  node('generated files', 'scripts/gen.mjs', '--check'),
  vitest('tests'),
  ...vscodeSteps,
  // WebGPU runs on the GPU in software that comes with the browser, which the steps above have installed.
  vitest('engine on WebGPU', '--config', 'test/gpu/vitestConfig.ts'),
];

runSteps(process.argv.includes('--check') ? checkSteps : allSteps);
