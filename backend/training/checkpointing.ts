/** Checkpoints of a run: an ordinary model folder plus the engine's state, and where the loop stands. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copySideFiles } from '../models/folder.ts';
import type { EventBody } from '../protocol/events.ts';
import {
  forgetCheckpointsAfter,
  latestCheckpoint,
  pruneCheckpoints,
  writeCheckpoint,
  type Checkpoint,
  type CheckpointOwner,
} from '../store/checkpoints.ts';
import { record } from './recording.ts';
import type { Run } from './run.ts';

/**
 * Loads the newest whole checkpoint into the engine; undefined when there is none. Throws `checkpoint.…` when it belongs to another run or model.
 * An engine that does not repeat itself keeps each step's weights before the step is recorded; those of a step that never was are of no use.
 */
export async function restoreCheckpoint(run: Run): Promise<{ step: number } | undefined> {
  const { repeats } = await run.engine.describe();
  if (repeats === false) await forgetCheckpointsAfter(run.folder, run.store.run(run.id)?.lastStep ?? 0);
  const { checkpoint, passedOver } = await latestCheckpoint(run.folder, await ownerOf(run));
  const step = checkpoint?.step ?? 0;
  const notices = passedOver.map(({ folder, reason }): EventBody => {
    return { type: 'noticeRaised', code: 'checkpoint.passedOver', message: `${folder} is no whole checkpoint: ${reason}.`, step };
  });
  if (checkpoint === null) {
    record(run, { events: notices });
    return undefined;
  }
  await run.engine.loadState(checkpoint.folder);
  // The process may have died between naming the checkpoint and recording it.
  record(run, { events: [...notices, savedEvent(checkpoint)] });
  return { step };
}

export async function saveCheckpoint(run: Run, step: number): Promise<void> {
  await announceCheckpoint(run, await keepCheckpoint(run, step));
}

/** The half of `saveCheckpoint` that nobody hears of. */
export async function keepCheckpoint(run: Run, step: number): Promise<Checkpoint> {
  run.observer.onPhase?.(step, 'checkpoint', 0, undefined);
  return writeCheckpoint({
    runFolder: run.folder,
    owner: await ownerOf(run),
    step,
    write: async (target) => {
      await run.engine.saveState(target);
      await copySideFiles(run.tokenizerFolder, target);
    },
  });
}

/** The other half: those before it may go. */
export async function announceCheckpoint(run: Run, checkpoint: Checkpoint): Promise<void> {
  await pruneCheckpoints(run.folder, run.config.checkpoint.keep);
  record(run, { events: [savedEvent(checkpoint)] });
}

function savedEvent({ step, folder }: Checkpoint): EventBody {
  return { type: 'checkpointSaved', step, path: folder };
}

/** A model is named by its configuration and adapter, which decide whether a state fits it. */
async function ownerOf(run: Run): Promise<CheckpointOwner> {
  const config = await readFile(join(run.modelFolder, 'config.json'));
  return { runId: run.id, modelId: createHash('sha256').update(config).update(JSON.stringify(run.config.model.lora)).digest('hex').slice(0, 16) };
}
