// A real VS Code for tests and for `npm run workbench`: code-server from npm on its own Node from npm, kept in the user's cache.
// Started directly, installs it unless it is there and prints its version.
//
// What npm's own install of code-server would do at large (all its native modules) takes twice the time and needs more of the system;
// here only the two native modules are compiled that a server without a terminal loads.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages } from './debian.mjs';

/** code-server 4.x.y carries VS Code 1.x.y. `CRITIQUE_GRPO_CODE_SERVER` names another one. */
const codeServerVersion = process.env['CRITIQUE_GRPO_CODE_SERVER'] || '4.139.1';
/** By the number that a code-server asks for; the npm package of a Node carries its headers too, so that compiling needs no download. */
const nodeVersions = new Map([
  ['22', '22.23.3'],
  ['24', '24.21.0'],
]);
/** Which of them there are depends on the version. */
const nativeModules = ['@vscode/spdlog', '@vscode/native-watchdog', 'native-watchdog'];

/**
 * @typedef {object} VsCode
 * @property {string} node The Node it runs on.
 * @property {string} entry What that Node runs.
 * @property {string} config A configuration file of its own, so that one in the user's home is neither read nor written.
 * @property {readonly string[]} forTests Arguments with which its window runs tests that its address names; older ones need none.
 */

/**
 * Installs it unless it is there; afterwards nothing is loaded from the network.
 * @returns {VsCode}
 */
export function ensureVsCode() {
  const folder = join(cacheFolder(), `code-server-${codeServerVersion}`);
  if (!existsSync(folder)) install(folder);
  const programs = join(folder, 'node_modules/code-server/out/node');
  const hasOption = readFileSync(join(programs, 'cli.js'), 'utf8').includes('vscode-option');
  return {
    node: join(folder, 'bin/node'),
    entry: join(programs, 'entry.js'),
    config: join(folder, 'config.yaml'),
    forTests: hasOption ? ['--vscode-option', 'enable-smoke-test-driver'] : [],
  };
}

/** Where downloads that outlive a checkout are kept. */
function cacheFolder() {
  const chosen = process.env['CRITIQUE_GRPO_CACHE'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'critique-grpo-workbench');
}

/** @param {string} folder */
function install(folder) {
  const nodePackage = `node-linux-${process.arch}`;
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Error(`code-server from npm is known to run on Linux (x64, arm64), not on ${process.platform} ${process.arch}: use a container.`);
  }
  if (['g++', 'make', 'python3'].some((name) => findProgram(name) === null)) {
    installPackages(['build-essential', 'python3'], 'Compiling two native modules of VS Code');
  }
  console.log(
    `VS Code 1.${codeServerVersion.slice(2)} (code-server ${codeServerVersion}) is installed into ${folder}; this takes about two minutes, once.`,
  );
  const started = performance.now();
  // A folder of that name is whole: an install that is cut off leaves another name.
  const partial = `${folder}.${process.pid}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(join(partial, 'bin'), { recursive: true });
  writeFileSync(join(partial, 'package.json'), '{ "private": true }\n');
  writeFileSync(join(partial, 'config.yaml'), 'bind-addr: 127.0.0.1:0\nauth: none\ncert: false\n');
  symlinkSync(`../node_modules/${nodePackage}/bin/node`, join(partial, 'bin/node'));
  const env = {
    ...process.env,
    PATH: `${join(partial, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    JOBS: '2',
    npm_config_nodedir: join(partial, 'node_modules', nodePackage),
    npm_config_build_from_source: 'true',
    npm_config_engine_strict: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    // The settings of the package that `npm test` runs in are not this one's.
    npm_config_save_exact: '',
    npm_config_omit_lockfile_registry_resolved: '',
  };
  const vsCode = join(partial, 'node_modules/code-server/lib/vscode');
  const npm = (/** @type {string} */ cwd, /** @type {string[]} */ ...args) => runNpm(args, cwd, env);
  try {
    npm(partial, 'install', '--ignore-scripts', `code-server@${codeServerVersion}`);
    npm(partial, 'install', '--ignore-scripts', `${nodePackage}@${nodeVersionFor(partial)}`);
    // Older ones bring no compiled file of it.
    if (!existsSync(join(partial, 'node_modules/argon2/prebuilds'))) npm(partial, 'rebuild', '--foreground-scripts', 'argon2');
    npm(vsCode, 'install', '--omit=dev', '--ignore-scripts');
    npm(join(vsCode, 'extensions'), 'install', '--omit=dev', '--ignore-scripts');
    npm(vsCode, 'rebuild', '--foreground-scripts', ...nativeModules.filter((name) => existsSync(join(vsCode, 'node_modules', name))));
    ensureSearch(vsCode);
    renameSync(partial, folder);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw error;
  }
  console.log(`Installed in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}

/**
 * Older ones fetch the program that finds files from GitHub: Debian's takes its place.
 * @param {string} vsCode
 */
function ensureSearch(vsCode) {
  const folder = join(vsCode, 'node_modules/@vscode/ripgrep');
  if (!existsSync(folder) || existsSync(join(folder, 'bin/rg'))) return;
  if (findProgram('rg') === null) installPackages(['ripgrep'], 'Finding files in this VS Code');
  const program = findProgram('rg');
  if (program === null) throw new Error('ripgrep is installed, but rg is not on PATH.');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  symlinkSync(program, join(folder, 'bin/rg'));
}

/**
 * Of the code-server that was unpacked there.
 * @param {string} folder
 */
function nodeVersionFor(folder) {
  /** @type {unknown} */
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/code-server/package.json'), 'utf8'));
  const { engines } = /** @type {{ engines?: { node?: string } }} */ (manifest);
  const version = nodeVersions.get(engines?.node ?? '');
  if (version !== undefined) return version;
  throw new Error(`code-server ${codeServerVersion} runs on Node ${engines?.node ?? '(unnamed)'}; known are ${[...nodeVersions.keys()].join(', ')}.`);
}

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 * @param {NodeJS.ProcessEnv} env
 */
function runNpm(args, cwd, env) {
  const { status, stdout, stderr, error } = spawnSync('npm', args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error !== undefined) throw new Error(`npm does not start: ${error.message}`);
  if (status !== 0)
    throw new Error(`npm ${args.join(' ')} failed in ${cwd} (exit status ${status ?? 'none'}):\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
}

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  try {
    const { node, entry, config } = ensureVsCode();
    const { status, stdout, stderr } = spawnSync(node, [entry, '--config', config, '--version'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${entry} does not run: ${stderr}`);
    console.log(stdout.trim());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
