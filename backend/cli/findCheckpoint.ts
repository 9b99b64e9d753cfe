/** Finds the checkpoint that a command means: of a run or the newest run, at a step or the newest. */
import { resolve } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import type { RunConfig } from '../protocol/runConfig.ts';
import { wholeCheckpoints } from '../store/checkpoints.ts';
import { openStore } from '../store/openStore.ts';
import { runFolder } from '../store/workspaceFolders.ts';

export interface FoundCheckpoint {
  readonly runId: string;
  readonly step: number;
  readonly folder: string;
  readonly runFolder: string;
  readonly config: RunConfig;
}

/** Throws `run.notFound` or `checkpoint.notFound` with what there is. */
export async function findCheckpoint(workspaceOption: string, runId: string | undefined, step: number | undefined): Promise<FoundCheckpoint> {
  const workspace = resolve(workspaceOption);
  const store = openStore(workspace, { readOnly: true });
  const runs = store.runs();
  store.close();
  const run = runId === undefined ? runs[0] : runs.find(({ id }) => id === runId);
  if (run === undefined) {
    throw new WorkbenchError({
      code: 'run.notFound',
      message: runId === undefined ? `There is no run in ${workspace}.` : `There is no run ${runId} in ${workspace}.`,
      remedy: runs.length === 0 ? 'Train one first, or give another --workspace.' : `There are: ${runs.map(({ id }) => id).join(', ')}.`,
    });
  }
  const checkpoints = await wholeCheckpoints(runFolder(workspace, run.id));
  const found = step === undefined ? checkpoints[0] : checkpoints.find((checkpoint) => checkpoint.step === step);
  if (found === undefined) {
    throw new WorkbenchError({
      code: 'checkpoint.notFound',
      message: `Run ${run.id} has no checkpoint${step === undefined ? '' : ` of step ${step}`}.`,
      remedy:
        checkpoints.length === 0
          ? 'Let it reach its first checkpoint (checkpoint.every steps).'
          : `There are: ${checkpoints.map((checkpoint) => checkpoint.step).join(', ')}.`,
    });
  }
  return { runId: run.id, step: found.step, folder: found.folder, runFolder: runFolder(workspace, run.id), config: run.config };
}
