/**
 * The number of threads that a run computes with, kept in its folder: sums are taken in another order with another number, their last
 * digits differ, and a resumed run would not repeat what is recorded.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';

const fileName = 'engine.json';

/** undefined: the run has not been opened before. Throws `run.damaged`. */
export async function readThreads(folder: string): Promise<number | undefined> {
  const path = join(folder, fileName);
  try {
    const { threads } = JSON.parse(await readFile(path, 'utf8')) as { threads?: unknown };
    if (typeof threads === 'number' && Number.isInteger(threads) && threads > 0) return threads;
    throw new Error('it names no number of threads');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new WorkbenchError({
      code: 'run.damaged',
      message: `The run's ${path} cannot be used (${messageOf(error)}).`,
      remedy: 'Write {"threads": 2} there, with the number the run was started with.',
    });
  }
}

export async function writeThreads(folder: string, threads: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, fileName), `${JSON.stringify({ threads }, null, 2)}\n`);
}
