/**
 * Checkpoints of a run: folders `checkpoints/step-000040` under the run's folder, each with a manifest that was written last.
 * A folder without a fitting manifest is no checkpoint, so a crash at any byte leaves the one before in force.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import { syncFolder, writeFileAtomically } from './atomicFile.ts';
import { fileEntries, findFault, manifestName, readManifest, type Manifest } from './checkpointManifest.ts';
import { storageError } from './storageErrors.ts';

/** Whose weights a checkpoint holds. */
export interface CheckpointOwner {
  readonly runId: string;
  /** Names the model the run began from, e.g. a hash of its configuration. */
  readonly modelId: string;
}

export interface Checkpoint {
  readonly step: number;
  readonly folder: string;
}

export interface NewCheckpoint {
  readonly runFolder: string;
  readonly owner: CheckpointOwner;
  readonly step: number;
  /** Fills the folder, which is empty. What it throws ends the attempt and leaves no trace. */
  readonly write: (folder: string) => Promise<void>;
}

export interface LatestCheckpoint {
  readonly checkpoint: Checkpoint | null;
  /** Newer folders that are no whole checkpoints, and why. */
  readonly passedOver: readonly { readonly folder: string; readonly reason: string }[];
}

const temporaryPrefix = '.tmp-';

/**
 * Writes, flushes and names a checkpoint. A whole one of the same step and owner stays as it is: a resumed run makes the same one again.
 * Throws `store.diskFull`, `store.readOnly`, `checkpoint.foreign`.
 */
export async function writeCheckpoint({ runFolder, owner, step, write }: NewCheckpoint): Promise<Checkpoint> {
  const parent = checkpointsFolder(runFolder);
  const folder = join(parent, stepName(step));
  const temporary = join(parent, `${temporaryPrefix}${stepName(step)}`);
  try {
    await mkdir(parent, { recursive: true });
    if ((await findFault(folder)) === null) {
      requireOwner(folder, await readManifest(folder), owner);
      return { step, folder };
    }
    await rm(folder, { recursive: true, force: true });
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    await write(temporary);
    const manifest: Manifest = { format: 1, ...owner, step, files: await fileEntries(temporary) };
    await writeFileAtomically(join(temporary, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(temporary, folder);
    await syncFolder(parent);
    return { step, folder };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw storageError(error, folder);
  }
}

/** The newest whole checkpoint. Throws `checkpoint.foreign` when that one is of another run or model. */
export async function latestCheckpoint(runFolder: string, owner: CheckpointOwner): Promise<LatestCheckpoint> {
  const passedOver: { folder: string; reason: string }[] = [];
  for (const checkpoint of await namedCheckpoints(runFolder)) {
    const fault = await findFault(checkpoint.folder);
    if (fault === null) {
      requireOwner(checkpoint.folder, await readManifest(checkpoint.folder), owner);
      return { checkpoint, passedOver };
    }
    passedOver.push({ folder: checkpoint.folder, reason: fault });
  }
  return { checkpoint: null, passedOver };
}

/** Removes the checkpoints of later steps. */
export async function forgetCheckpointsAfter(runFolder: string, step: number): Promise<void> {
  await removeTemporaries(runFolder);
  for (const checkpoint of await namedCheckpoints(runFolder)) if (checkpoint.step > step) await doom(runFolder, checkpoint);
  await removeTemporaries(runFolder);
}

/** All whole checkpoints of a run, newest first, whoever asks. */
export async function wholeCheckpoints(runFolder: string): Promise<Checkpoint[]> {
  const whole: Checkpoint[] = [];
  for (const checkpoint of await namedCheckpoints(runFolder)) {
    if ((await findFault(checkpoint.folder)) === null) whole.push(checkpoint);
  }
  return whole;
}

/**
 * Removes all but the newest `keep` checkpoints (at least one stays), and what crashes left behind. Returns the steps removed.
 * Counts folders that have a manifest; broken ones do not push out good ones.
 */
export async function pruneCheckpoints(runFolder: string, keep: number): Promise<number[]> {
  const removed: number[] = [];
  let kept = 0;
  for (const { step, folder } of await namedCheckpoints(runFolder)) {
    if (kept < Math.max(1, keep)) {
      kept += (await hasManifest(folder)) ? 1 : 0;
      continue;
    }
    await doom(runFolder, { step, folder });
    removed.push(step);
  }
  await removeTemporaries(runFolder);
  return removed;
}

export function checkpointsFolder(runFolder: string): string {
  return join(runFolder, 'checkpoints');
}

function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** Newest first, whole or not. */
async function namedCheckpoints(runFolder: string): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for (const name of await namesIn(checkpointsFolder(runFolder))) {
    const step = /^step-(\d{6,})$/.exec(name)?.[1];
    if (step !== undefined) {
      checkpoints.push({ step: Number(step), folder: join(checkpointsFolder(runFolder), name) });
    }
  }
  return checkpoints.sort((a, b) => b.step - a.step);
}

/** Renamed before it is removed: a half-removed folder must not look like a checkpoint. */
async function doom(runFolder: string, { step, folder }: Checkpoint): Promise<void> {
  await rename(folder, join(checkpointsFolder(runFolder), `${temporaryPrefix}${stepName(step)}`));
}

async function removeTemporaries(runFolder: string): Promise<void> {
  const parent = checkpointsFolder(runFolder);
  for (const name of await namesIn(parent)) {
    if (name.startsWith(temporaryPrefix)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return [];
    }
    throw storageError(error, folder);
  }
}

async function hasManifest(folder: string): Promise<boolean> {
  try {
    await readManifest(folder);
    return true;
  } catch {
    return false;
  }
}

function requireOwner(folder: string, found: Manifest, owner: CheckpointOwner): void {
  for (const field of ['runId', 'modelId'] as const) {
    if (found[field] !== owner[field]) {
      throw new WorkbenchError({
        code: 'checkpoint.foreign',
        message: `${folder} is a checkpoint of ${field} ${found[field]}, not of ${owner[field]}.`,
        remedy: 'Move that folder away, or resume the run that it belongs to.',
      });
    }
  }
}
