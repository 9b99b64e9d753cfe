// Steps of a gate: each a command, run in order until one fails. The last line printed is `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { testCounts } from './testCounts.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @typedef {{ name: string, run: (reportFolder: string) => boolean }} Step */

/**
 * A program of Node, from the root of the repository.
 * @type {(name: string, ...command: string[]) => Step}
 */
export const node = (name, ...command) => ({ name, run: () => succeeds(process.execPath, command) });

/**
 * Tests, which count.
 * @type {(name: string, ...args: string[]) => Step}
 */
export const vitest = (name, ...args) => ({
  name,
  run: (reportFolder) => {
    const report = join(reportFolder, `${name.replaceAll(' ', '-')}.json`);
    return succeeds(process.execPath, [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ]);
  },
});

/**
 * Installs the dependencies first if they are absent or older than the lock file.
 * @param {readonly Step[]} steps
 */
export function runSteps(steps) {
  const reportFolder = mkdtempSync(join(tmpdir(), 'critique-grpo-tests-'));
  try {
    const failedStep = [...setUp(), ...steps].find((step) => !passes(step, reportFolder));
    const counts = readdirSync(reportFolder).map((file) => testCounts(JSON.parse(readFileSync(join(reportFolder, file), 'utf8'))));
    const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) => counts.reduce((total, count) => total + count[key], 0);
    if (sum('skipped') > 0) console.log(`${sum('skipped')} skipped`);
    // A failed step never ends in "0 failed", whether or not a test reports it.
    console.log(`${sum('passed')} passed, ${failedStep === undefined ? sum('failed') : Math.max(1, sum('failed'))} failed`);
    if (failedStep !== undefined) process.exitCode = 1;
  } finally {
    rmSync(reportFolder, { recursive: true, force: true });
  }
}

/** @returns {Step[]} */
function setUp() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return [];
  // npm names itself to the scripts it runs; without it, the shell finds it.
  const npm = process.env['npm_execpath'];
  return [npm === undefined ? { name: 'install', run: () => succeeds('npm', ['ci'], { shell: true }) } : node('install', npm, 'ci')];
}

/**
 * @param {Step} step
 * @param {string} reportFolder
 */
function passes({ name, run }, reportFolder) {
  console.log(`\n> ${name}`);
  const start = performance.now();
  const isPassed = run(reportFolder);
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
