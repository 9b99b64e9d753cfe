// The whole gate, behind `npm test`: sets itself up, then runs each step until one fails. The last line is `N passed, N failed`.
// With `--check` (`npm run check`): only what needs no build and no training, types, lint and architecture.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { testCounts } from './testCounts.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const reportFolder = mkdtempSync(join(tmpdir(), 'critique-grpo-tests-'));
const reportFile = join(reportFolder, 'report.json');

/** @typedef {{ name: string, run: () => boolean }} Step */

/** @type {(name: string, ...command: string[]) => Step} */
const node = (name, ...command) => ({ name, run: () => succeeds(process.execPath, command) });

const types = node('types', 'node_modules/typescript/bin/tsc', '--noEmit', '--project', '.');
const lint = node('lint', 'node_modules/eslint/bin/eslint.js', '--max-warnings=0', '.');
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];

const checkSteps = [types, lint, node('architecture', ...vitest, 'test/architecture.test.ts')];
const allSteps = [node('build', 'esbuild.mjs'), types, lint, node('generated files', 'scripts/gen.mjs', '--check'), node('tests', ...vitest)];

try {
  const steps = process.argv.includes('--check') ? checkSteps : allSteps;
  const failedStep = [...setUp(), ...steps].find((step) => !passes(step));
  const counts = existsSync(reportFile) ? testCounts(JSON.parse(readFileSync(reportFile, 'utf8'))) : { passed: 0, failed: 0, skipped: 0 };
  if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
  // A failed step never ends in "0 failed", whether or not a test reports it.
  console.log(`${counts.passed} passed, ${failedStep === undefined ? counts.failed : Math.max(1, counts.failed)} failed`);
  if (failedStep !== undefined) process.exitCode = 1;
} finally {
  rmSync(reportFolder, { recursive: true, force: true });
}

/**
 * Installs the dependencies if they are absent or older than the lock file.
 * @returns {Step[]}
 */
function setUp() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return [];
  // npm names itself to the scripts it runs; without it, the shell finds it.
  const npm = process.env['npm_execpath'];
  return [npm === undefined ? { name: 'install', run: () => succeeds('npm', ['ci'], { shell: true }) } : node('install', npm, 'ci')];
}

/** @param {Step} step */
function passes({ name, run }) {
  console.log(`\n> ${name}`);
  const start = performance.now();
  const isPassed = run();
  console.log(`${isPassed ? 'ok' : 'FAILED'}: ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return isPassed;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ shell?: boolean }} [options]
 */
function succeeds(command, args, options) {
  const { status, error } = spawnSync(command, args, { ...options, cwd: root, stdio: 'inherit' });
  if (error !== undefined) console.error(`${command} does not start: ${error.message}`);
  return status === 0;
}
