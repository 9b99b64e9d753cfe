/**
 * Which commits of models on the hub a run was started with, kept in its folder: a branch moves on, and an adapter belongs to the weights
 * it was trained on.
 */
import { z } from 'zod';
import { isCommit } from '../hub/hubAddress.ts';
import { runFolderFile } from './runFolderFile.ts';

const file = runFolderFile('models.json', z.record(z.string(), z.unknown()), 'Remove it; the run then goes on with the present commit of its model.');

/** The commit of an address; undefined if the run has not been opened with it. Throws `run.damaged`. */
export async function readPin(folder: string, address: string): Promise<string | undefined> {
  const commit = (await file.read(folder))?.[address];
  return typeof commit === 'string' && isCommit(commit) ? commit : undefined;
}

export async function writePin(folder: string, address: string, commit: string): Promise<void> {
  await file.write(folder, { ...(await file.read(folder)), [address]: commit });
}

export const { forget: forgetModelPins } = file;
