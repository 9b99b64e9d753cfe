// The Chromium that tests and pictures use: found, or installed from Debian. Started directly, prints its path.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findProgram, installPackages } from './debian.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Full path of the browser; `CRITIQUE_GRPO_BROWSER` names another one. */
export function ensureBrowser() {
  const chosen = process.env['CRITIQUE_GRPO_BROWSER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  const found = findProgram(...names);
  if (found !== null) return found;
  installPackages(['chromium'], 'Driving the editor and its pages');
  const installed = findProgram(...names);
  if (installed === null) throw new Error('Chromium is installed, but is not on PATH: set CRITIQUE_GRPO_BROWSER to its path.');
  return installed;
}

/** Command line of a browser without a window. The sandbox cannot be had as root. */
export const browserFlags = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

const isStartedDirectly = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isStartedDirectly) {
  try {
    console.log(ensureBrowser());
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
