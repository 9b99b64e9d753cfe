/** Small JSON files in a run's folder: what it was begun with, for when it is opened again. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';

export interface RunFolderFile<T> {
  /** undefined if the run's folder has none. Throws `run.damaged`. */
  read(folder: string): Promise<T | undefined>;
  write(folder: string, content: T): Promise<void>;
  forget(folder: string): Promise<void>;
}

/** `remedy` says what to do with a file that is damaged. */
export function runFolderFile<T>(name: string, schema: z.ZodType<T>, remedy: string): RunFolderFile<T> {
  return {
    async read(folder) {
      const path = join(folder, name);
      try {
        return schema.parse(JSON.parse(await readFile(path, 'utf8')));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        const why =
          error instanceof z.ZodError ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') : messageOf(error);
        throw new WorkbenchError({ code: 'run.damaged', message: `The run's ${path} cannot be used (${why}).`, remedy });
      }
    },
    async write(folder, content) {
      await mkdir(folder, { recursive: true });
      await writeFileAtomically(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
    },
    forget: (folder) => rm(join(folder, name), { force: true }),
  };
}
