/**
 * Files under way. A download writes to a file of its own beside the content it will become; what an interrupted one left is taken over by
 * renaming, which only one process can do, so that two never write to one file.
 */
import { readdir, rename, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

const ending = '.incomplete';
const host = hostname().replace(/[^A-Za-z0-9-]/g, '-');
let taken = 0;

/** Path of a file that is this call's alone: the longest that an earlier download of the same content left, or a new one (not made yet). */
export async function claimPartial(blob: string): Promise<string> {
  const own = `${blob}.${host}.${process.pid}.${taken++}${ending}`;
  for (const path of await abandoned(blob)) {
    try {
      await rename(path, own);
      return own;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return own;
}

/** Leaves it for the next download of the same content. */
export async function leavePartial(own: string, blob: string): Promise<void> {
  await rename(own, blob + ending).catch(() => undefined);
}

/** Bytes that the next download of the content need not fetch. */
export async function bytesLeft(blob: string): Promise<number> {
  const [longest] = await abandoned(blob);
  return longest === undefined ? 0 : sizeOf(longest);
}

/** Longest first: given back by their download, or left by a process of this machine that is no more. */
async function abandoned(blob: string): Promise<string[]> {
  const name = basename(blob);
  const folder = dirname(blob);
  const free = (await readdir(folder)).filter((file) => {
    if (!file.startsWith(`${name}.`) || !file.endsWith(ending)) return false;
    const [owner, pid] = file.slice(name.length + 1, -ending.length).split('.');
    return file === name + ending || (owner === host && pid !== undefined && !isAlive(Number(pid)));
  });
  const sized = await Promise.all(free.map(async (file) => ({ path: join(folder, file), size: await sizeOf(join(folder, file)) })));
  return sized.sort((a, b) => b.size - a.size).map(({ path }) => path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** 0 if there is none. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
