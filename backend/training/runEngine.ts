/**
 * What a run computes with, kept in its folder: sums are taken in another order by another number of threads or another provider, their last
 * digits differ, and a resumed run would not repeat what is recorded.
 */
import { z } from 'zod';
import type { Providers } from '../engine/local/providers.ts';
import { runFolderFile } from './runFolderFile.ts';

export interface RunEngine {
  readonly threads: number;
  readonly providers: Providers;
}

const provider = z.enum(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
const file = runFolderFile(
  'engine.json',
  // A file without providers is from before there was a choice.
  z.object({ threads: z.int().positive(), provider: provider.default('cpu'), samplingProvider: provider.optional() }),
  'Write {"threads": 2, "provider": "cpu"} there, with the number and the provider that the run was started with.',
);

/** undefined: the run has not been opened before. Throws `run.damaged`. */
export async function readRunEngine(folder: string): Promise<RunEngine | undefined> {
  const content = await file.read(folder);
  if (content === undefined) return undefined;
  const { threads, provider: training, samplingProvider: sampling = training } = content;
  return { threads, providers: { training, sampling } };
}

export function writeRunEngine(folder: string, { threads, providers: { training, sampling } }: RunEngine): Promise<void> {
  return file.write(folder, { threads, provider: training, ...(sampling === training ? {} : { samplingProvider: sampling }) });
}
