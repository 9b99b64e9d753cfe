/** Exports a checkpoint whose weights are on a Tinker server: loaded there into a model of its own, and handed out as an adapter. */
import { closePolicy, openPolicy, type Entries } from '../training/policy.ts';
import type { FoundCheckpoint } from './findCheckpoint.ts';

export interface RemoteExport {
  readonly target: string;
  readonly checkpoint: FoundCheckpoint;
  readonly form: 'merged' | 'adapter';
  readonly entries: Entries;
  readonly demoFolder: string;
}

/** Throws `export.notRemote` for merged weights, `checkpoint.lost`, and `engine.…`. */
export async function exportRemote({ target, checkpoint, form, entries, demoFolder }: RemoteExport): Promise<void> {
  const { config, folder, runFolder } = checkpoint;
  const { signal } = new AbortController();
  const policy = await openPolicy({ id: 'export', config, entries, demoFolder, folder: runFolder, threads: 1, observer: {}, signal });
  try {
    await policy.engine.loadState(folder);
    await policy.engine.exportWeights(target, form);
  } finally {
    await closePolicy(policy);
  }
}
