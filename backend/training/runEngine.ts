/**
 * What a run computes with, kept in its folder: sums are taken in another order by another number of threads or another provider, their last
 * digits differ, and a resumed run would not repeat what is recorded.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Providers } from '../engine/local/providers.ts';
import { writeFileAtomically } from '../store/atomicFile.ts';

const fileName = 'engine.json';

export interface RunEngine {
  readonly threads: number;
  readonly providers: Providers;
}

const provider = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
/** A file without providers is from before there was a choice. */
const fileSchema = z.object({ threads: z.int().positive(), provider: provider.default('cpu'), samplingProvider: provider.optional() });

/** undefined: the run has not been opened before. Throws `run.damaged`. */
export async function readRunEngine(folder: string): Promise<RunEngine | undefined> {
  const path = join(folder, fileName);
  try {
    const { threads, provider: training, samplingProvider: sampling = training } = fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { threads, providers: { training, sampling } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const why = error instanceof z.ZodError ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') : messageOf(error);
    throw new WorkbenchError({
      code: 'run.damaged',
      message: `The run's ${path} cannot be used (${why}).`,
      remedy: 'Write {"threads": 2, "provider": "cpu"} there, with the number and the provider that the run was started with.',
    });
  }
}

export async function writeRunEngine(folder: string, { threads, providers: { training, sampling } }: RunEngine): Promise<void> {
  await mkdir(folder, { recursive: true });
  const content = { threads, provider: training, ...(sampling === training ? {} : { samplingProvider: sampling }) };
  await writeFileAtomically(join(folder, fileName), `${JSON.stringify(content, null, 2)}\n`);
}
