// Programs that come with the operating system: found on PATH, or installed where that is possible (Debian and its kin, as root).
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Full path of the first of these programs on PATH; null if none is there.
 * @param {...string} names
 */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
      const path = join(folder, name);
      if (isExecutable(path)) return path;
    }
  }
  return null;
}

/**
 * Installs Debian packages, without what they merely recommend. Throws with the command to run by hand where it may not.
 * @param {readonly string[]} packages
 * @param {string} reason What needs them, as the start of a sentence.
 */
export function installPackages(packages, reason) {
  const byHand = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!existsSync('/etc/debian_version')) throw new Error(`${reason} needs what Debian calls ${packages.join(', ')}. Install it and run this again.`);
  if (process.getuid?.() !== 0) throw new Error(`${reason} needs ${packages.join(', ')}. Run as root: ${byHand}`);
  console.log(`${reason} needs ${packages.join(', ')}: apt-get installs it.`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '--quiet', '--quiet'],
    ['install', '--yes', '--quiet', '--quiet', '--no-install-recommends', ...packages],
  ]) {
    const { status, stdout, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`apt-get ${args[0] ?? ''} failed (${status ?? 'no'} exit status). Try by hand: ${byHand}\n${stdout}${stderr}`);
  }
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
