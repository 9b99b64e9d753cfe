/** A folder that a command makes: never over something that is there unless asked to, and whole or not at all where it is new. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';

/** The absolute path. Throws `output.notEmpty`, before any work was done, for a folder with something in it unless it may be written into. */
export async function checkOutputFolder(path: string, mayHoldFiles: boolean): Promise<string> {
  const folder = resolve(path);
  const names = await namesIn(folder);
  if (names.length > 0 && !mayHoldFiles) {
    throw new WorkbenchError({
      code: 'output.notEmpty',
      message: `${folder} is not empty: it holds ${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}.`,
      remedy: 'Give another --out, or --force to write into it.',
    });
  }
  return folder;
}

/** Lets `write` fill a folder beside, which then takes the place of an empty or missing one. A folder with files in it is written into. */
export async function writeOutputFolder(folder: string, write: (target: string) => Promise<void>): Promise<void> {
  if ((await namesIn(folder)).length > 0) return write(folder);
  const aside = `${folder}.incomplete`;
  try {
    await mkdir(dirname(folder), { recursive: true });
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside);
    await write(aside);
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error instanceof WorkbenchError ? error : unwritable(folder, error);
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unwritable(folder, error);
  }
}

function unwritable(folder: string, error: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'output.unwritable',
    message: `${folder} cannot be written (${messageOf(error)}).`,
    remedy: 'Give the path of a folder that may be made, with --out.',
    cause: error,
  });
}
