/** Module loading in the process of a reward function: its file has the text that the trainer read, and TypeScript is understood. Runs in a thread of its own. */
import { readFile } from 'node:fs/promises';
import type { InitializeHook, LoadHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { stripTypes } from './stripTypes.ts';

/** The file of the reward function: whatever is on the disk by now, this is what it holds. */
export interface PinnedModule {
  readonly url: string;
  readonly format: 'module' | 'commonjs';
  readonly source: string;
}

let pinned: PinnedModule | undefined;

const watchMs = 1000;

/** This thread runs also while the function loops, so it is here that an orphan is noticed and ended. */
export const initialize: InitializeHook<PinnedModule> = (data) => {
  pinned = data;
  const { ppid } = process;
  setInterval(() => {
    if (process.ppid !== ppid) process.kill(process.pid, 'SIGKILL');
  }, watchMs).unref();
};

export const load: LoadHook = async (url, context, next) => {
  if (url === pinned?.url) return { format: pinned.format, source: pinned.source, shortCircuit: true };
  if (!/^file:.*\.m?ts$/i.test(url)) return next(url, context);
  return { format: 'module', source: stripTypes(await readFile(fileURLToPath(url), 'utf8')), shortCircuit: true };
};
