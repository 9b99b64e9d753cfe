/**
 * Which data a run was started with, kept in its folder: the commit of a data set on the hub, whose branch moves on, and every file's
 * size and checksum. A step that is made again draws the same problems, or it is another run.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { WorkbenchError } from '../core/errors.ts';
import { unreadable } from '../data/byteStream.ts';
import type { DataRole } from '../data/dataFiles.ts';
import { isHubAddress } from '../hub/hubAddress.ts';
import { fileInSnapshot } from '../hub/hubCache.ts';
import { runFolderFile } from './runFolderFile.ts';

const pinSchema = z.object({
  /** As the run file has it. */
  path: z.string(),
  /** Of a data set on the hub. */
  commit: z.string().nullable(),
  /** Named as in the repository on the hub, or by their paths on this machine. */
  files: z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() })),
});
const pinsSchema = z.object({ train: pinSchema.optional(), heldOut: pinSchema.optional() });

export type DataPin = z.infer<typeof pinSchema>;
export type DataPins = z.infer<typeof pinsSchema>;

const file = runFolderFile('data.json', pinsSchema, 'Remove it; the run then goes on with its data as they are now.');

/** Empty if the run has not been opened before. Throws `run.damaged`. */
export async function readDataPins(folder: string): Promise<DataPins> {
  return (await file.read(folder)) ?? {};
}

export const { write: writeDataPins, forget: forgetDataPins } = file;

/** Of the files that were read for a path of the run file. Throws `dataset.unreadable`. */
export async function pinOf(path: string, files: readonly { readonly path: string }[]): Promise<DataPin> {
  const pinned: DataPin['files'] = [];
  let commit: string | null = null;
  for (const file of files) {
    const place = isHubAddress(path) ? fileInSnapshot(file.path) : null;
    commit ??= place?.commit ?? null;
    pinned.push({ name: place?.path ?? file.path, ...(await checksum(file.path)) });
  }
  return { path, commit, files: pinned };
}

/** Throws `data.changed`, which names the first file that is not what it was. */
export function requireSameData(role: DataRole, before: DataPin, now: DataPin): void {
  const change = firstChange(before, now);
  if (change === null) return;
  throw new WorkbenchError({
    code: 'data.changed',
    message: `The ${role === 'train' ? 'training' : 'held-out'} problems are not those that the run was started with: ${change}.`,
    remedy: 'Put the file back as it was to go on with this run, or start a new one with the present data.',
  });
}

function firstChange(before: DataPin, now: DataPin): string | null {
  const present = new Map(now.files.map((file) => [file.name, file]));
  for (const { name, bytes, sha256 } of before.files) {
    const file = present.get(name);
    if (file === undefined) return `${name} is no longer read`;
    if (file.bytes !== bytes) return `${name} had ${counted(bytes)} and has ${counted(file.bytes)}`;
    if (file.sha256 !== sha256) return `${name} has another content (sha256 ${file.sha256.slice(0, 12)}…, it was ${sha256.slice(0, 12)}…)`;
  }
  const known = new Set(before.files.map(({ name }) => name));
  const added = now.files.find(({ name }) => !known.has(name));
  return added === undefined ? null : `${added.name} was not there`;
}

function counted(bytes: number): string {
  return `${bytes.toLocaleString('en-US')} bytes`;
}

async function checksum(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return { bytes, sha256: hash.digest('hex') };
}
