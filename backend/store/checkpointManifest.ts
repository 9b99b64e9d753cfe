/** What a checkpoint folder must contain, byte for byte. */
import { createHash } from 'node:crypto';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { syncFolder } from './atomicFile.ts';

export interface ManifestFile {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly format: 1;
  readonly runId: string;
  readonly modelId: string;
  readonly step: number;
  readonly files: readonly ManifestFile[];
}

export const manifestName = 'manifest.json';

/** Every file of the folder, flushed to disk, in order of path. */
export async function fileEntries(folder: string): Promise<ManifestFile[]> {
  const entries: ManifestFile[] = [];
  const visit = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(folder, relative), { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) {
        await visit(path);
      } else {
        entries.push({ path, ...(await flushAndHash(join(folder, path))) });
      }
    }
    await syncFolder(join(folder, relative));
  };
  await visit('');
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Throws when there is no well-formed manifest. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = JSON.parse(await readFile(join(folder, manifestName), 'utf8')) as Partial<Manifest> | null;
  if (
    manifest?.format !== 1 ||
    typeof manifest.runId !== 'string' ||
    typeof manifest.modelId !== 'string' ||
    typeof manifest.step !== 'number' ||
    !Array.isArray(manifest.files)
  ) {
    throw new Error(`its ${manifestName} is not one of format 1`);
  }
  return manifest as Manifest;
}

/** Why the folder is no whole checkpoint, or null. Reads every byte. */
export async function findFault(folder: string): Promise<string | null> {
  let manifest: Manifest;
  try {
    manifest = await readManifest(folder);
  } catch (error) {
    return `no readable manifest: ${messageOf(error)}`;
  }
  for (const { path, bytes, sha256 } of manifest.files) {
    try {
      const found = await stat(join(folder, path));
      if (found.size !== bytes) {
        return `${path} has ${found.size} bytes instead of ${bytes}`;
      }
      if ((await hash(join(folder, path))).sha256 !== sha256) {
        return `${path} has other content than was written`;
      }
    } catch (error) {
      return `${path} cannot be read: ${messageOf(error)}`;
    }
  }
  return null;
}

interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

async function flushAndHash(path: string): Promise<FileDigest> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  return hash(path);
}

async function hash(path: string): Promise<FileDigest> {
  const file = await open(path, 'r');
  try {
    const digest = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 20);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) {
        return { bytes, sha256: digest.digest('hex') };
      }
      digest.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}
