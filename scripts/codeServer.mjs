// Runs the installed VS Code: a server on loopback, with folders of its own for settings and extensions.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureVsCode } from './vscode.mjs';

/** Settings that keep the window to our part of it. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'comments.openView': 'never',
  'remote.autoForwardPorts': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'window.commandCenter': false,
};

/**
 * @typedef {object} ServerOptions
 * @property {string} folder For the user's data, the extensions and the log; made if absent.
 * @property {number} [port] Default: a free one.
 * @property {Readonly<Record<string, unknown>>} [settings] User settings over the quiet ones.
 * @property {boolean} [isTrusting] Whether workspaces are trusted without asking. Default true.
 * @property {NodeJS.ProcessEnv} [env] Added to the environment of the server and its extension host.
 * @property {readonly string[]} [args]
 */

/**
 * @typedef {object} CodeServer
 * @property {number} port
 * @property {(workspace: string | null, query?: Readonly<Record<string, string>>) => string} url Of the workbench with that folder open.
 * @property {string} logFolder Logs of the window and the extension host.
 * @property {() => Promise<void>} stop
 */

/** @param {string} folder */
function places(folder) {
  return { home: join(folder, 'home'), userData: join(folder, 'user'), extensions: join(folder, 'extensions'), log: join(folder, 'server.log') };
}

/**
 * Installs a packaged extension for servers of this folder, over an older one.
 * @param {string} folder
 * @param {string} vsix
 */
export function installExtension(folder, vsix) {
  const { node, entry, config } = ensureVsCode();
  const { userData, extensions } = places(folder);
  const args = ['--config', config, '--user-data-dir', userData, '--extensions-dir', extensions, '--install-extension', vsix, '--force'];
  const { status, stdout, stderr } = spawnSync(node, [entry, ...args], { encoding: 'utf8', env: environment(folder, {}) });
  if (status !== 0) throw new Error(`VS Code does not install ${vsix}:\n${stdout}${stderr}`);
}

/**
 * Resolves when it answers.
 * @param {ServerOptions} options
 * @returns {Promise<CodeServer>}
 */
export async function startCodeServer({ folder, port, settings = {}, isTrusting = true, env = {}, args = [] }) {
  const { node, entry, config } = ensureVsCode();
  const { userData, extensions, log } = places(folder);
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(join(userData, 'User/settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  const chosenPort = port ?? (await freePort());
  const child = spawn(
    node,
    [
      entry,
      ...['--config', config, '--bind-addr', `127.0.0.1:${chosenPort}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      ...(isTrusting ? ['--disable-workspace-trust'] : []),
      ...['--user-data-dir', userData, '--extensions-dir', extensions],
      ...args,
    ],
    // A process group of its own, so that it ends with its extension hosts.
    { cwd: folder, env: environment(folder, env), detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => appendFileSync(log, data));
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([ended, delay(5000, undefined, { ref: false })]);
    signalGroup(child.pid, 'SIGKILL');
    await ended;
  };
  const deadline = performance.now() + 90_000;
  while (!(await answers(chosenPort))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`VS Code did not come up on port ${chosenPort}; see ${log}.`);
    }
    await delay(100);
  }
  return {
    port: chosenPort,
    url: (workspace, query = {}) =>
      `http://127.0.0.1:${chosenPort}/?${new URLSearchParams({ ...(workspace === null ? { ew: 'true' } : { folder: workspace }), ...query }).toString()}`,
    logFolder: join(userData, 'logs'),
    stop,
  };
}

/** A port of loopback that was free a moment ago. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no port.');
  return address.port;
}

/**
 * The server is told nothing of the npm run or the editor that this runs in.
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} added
 */
function environment(folder, added) {
  const { home } = places(folder);
  mkdirSync(home, { recursive: true });
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|VSCODE_|ELECTRON_|NODE_OPTIONS|VITEST|XDG_)/.test(name));
  return { ...Object.fromEntries(kept), HOME: home, ...added };
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** @param {number} port */
async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
