/**
 * Which commits of models on the hub a run was started with, kept in its folder: a branch moves on, and an adapter belongs to the weights
 * it was trained on.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { isCommit } from '../hub/hubAddress.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';

const fileName = 'models.json';

/** The commit of an address; undefined if the run has not been opened with it. Throws `run.damaged`. */
export async function readPin(folder: string, address: string): Promise<string | undefined> {
  const commit = (await readPins(folder))[address];
  return typeof commit === 'string' && isCommit(commit) ? commit : undefined;
}

export async function writePin(folder: string, address: string, commit: string): Promise<void> {
  const pins = { ...(await readPins(folder)), [address]: commit };
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, fileName), `${JSON.stringify(pins, null, 2)}\n`);
}

export async function forgetModelPins(folder: string): Promise<void> {
  await rm(join(folder, fileName), { force: true });
}

async function readPins(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const path = join(folder, fileName);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new WorkbenchError({
      code: 'run.damaged',
      message: `The run's ${path} cannot be used (${messageOf(error)}).`,
      remedy: 'Remove it; the run then goes on with the present commit of its model.',
    });
  }
}
