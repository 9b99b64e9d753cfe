/** Files of one commit, downloaded where the cache lacks them and placed in its snapshot. */
import { mkdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { downloadBlob } from './blobDownload.ts';
import { ProgressMeter, type DownloadProgress } from './downloadProgress.ts';
import { addressText, type HubAddress } from './hubAddress.ts';
import { blobPath, hasFile, placeFile, repositoryFolder, snapshotFolder } from './hubCache.ts';
import type { HubAccess } from './hubRequest.ts';
import type { HubSettings } from './hubSettings.ts';
import { bytesLeft } from './partialFile.ts';
import { fileUrl, repositoryPage, withHeaders, type HubFile, type HubRepository } from './repository.ts';

const connections = 4;

/** Downloads what the cache lacks of the given files, several at once, and places all of them in the snapshot. */
export async function fetchFiles(
  repository: HubRepository,
  paths: readonly string[],
  access: HubAccess,
  onProgress: (progress: DownloadProgress) => void = () => undefined,
): Promise<void> {
  const { address, commit } = repository;
  const { settings } = access;
  const folder = repositoryFolder(address, settings.cacheFolder);
  const snapshot = snapshotFolder(folder, commit);
  const page = repositoryPage(address, settings.endpoint);
  const files: CompleteFile[] = [];
  for (const path of paths) {
    const file = repository.files.find((each) => each.path === path);
    if (file === undefined) throw noSuchFile({ ...address, path }, repository, settings);
    if (!(await hasFile(snapshot, path, file.size))) files.push(complete(await withHeaders(repository, file, access), address));
  }
  if (files.length === 0) return;
  await makeFolder(join(folder, 'blobs'));
  await requireSpace(folder, files, address);
  const meter = new ProgressMeter(
    address.id,
    files.map(({ size }) => size),
    onProgress,
  );
  await concurrently(files, access.signal, async (file, signal) => {
    const { path, size, etag } = file;
    const blob = blobPath(folder, etag);
    if ((await stat(blob).catch(() => null))?.size !== size) {
      const what = addressText({ ...address, path });
      const onBytes = (bytes: number): void => meter.report(path, bytes);
      await downloadBlob(
        { url: fileUrl(address, commit, path, settings.endpoint), what, page, size, etag, path: blob, onBytes },
        { ...access, signal },
      );
    } else meter.report(path, size);
    await placeFile(snapshot, path, blob);
    meter.finish(path);
  });
}

type CompleteFile = HubFile & { readonly size: number; readonly etag: string };

function complete({ path, size, etag }: HubFile, address: HubAddress): CompleteFile {
  if (size !== null && etag !== null) return { path, size, etag };
  throw new WorkbenchError({
    code: 'hub.answer',
    message: `The hub gives no ${etag === null ? 'checksum' : 'size'} for ${addressText({ ...address, path })}.`,
    remedy: 'Use another HF_ENDPOINT, or download the files yourself and give the path of their folder.',
  });
}

/** A few at a time; the first failure ends the others, and is thrown when they have ended. */
async function concurrently<T>(items: readonly T[], signal: AbortSignal, use: (item: T, signal: AbortSignal) => Promise<void>): Promise<void> {
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  const waiting = [...items];
  let first: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        either.throwIfAborted();
        await use(item, either);
      } catch (error) {
        first ??= { error };
        others.abort();
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(connections, items.length) }, work));
  signal.throwIfAborted();
  if (first !== undefined) throw first.error;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new WorkbenchError({
      code: 'hub.notWritten',
      message: `The cache folder ${path} cannot be made (${messageOf(cause)}).`,
      remedy: 'Correct its permissions, or choose another folder by HF_HOME or HF_HUB_CACHE.',
      cause,
    });
  }
}

async function requireSpace(folder: string, files: readonly CompleteFile[], address: HubAddress): Promise<void> {
  const there = await Promise.all(
    files.map(async ({ size, etag }) => {
      const blob = blobPath(folder, etag);
      return (await stat(blob).catch(() => null))?.size === size ? size : bytesLeft(blob);
    }),
  );
  const needed = files.reduce((sum, { size }, i) => sum + Math.max(0, size - (there[i] ?? 0)), 0);
  // Not every system says how much is free.
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: Infinity, bsize: 1 }));
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new WorkbenchError({
    code: 'hub.noSpace',
    message: `${addressText(address)} takes ${gigabytes(needed)} more; ${folder} has ${gigabytes(bavail * bsize)} left.`,
    remedy: 'Free space, or choose another folder by HF_HOME or HF_HUB_CACHE.',
  });
}

export function noSuchFile(address: HubAddress, { commit, files }: HubRepository, { endpoint }: HubSettings): WorkbenchError {
  const page = repositoryPage(address, endpoint);
  const isData = address.kind === 'dataset';
  const known = files.map(({ path }) => path).filter((path) => !isData || /\.(?:parquet|jsonl?|csv)$/.test(path));
  const shown = known.slice(0, 8).join(', ') + (known.length > 8 ? ` and ${known.length - 8} more` : '');
  return new WorkbenchError({
    code: 'hub.noSuchFile',
    message:
      address.path === null
        ? `${addressText(address)} names a repository and no file in it.`
        : `${addressText({ ...address, path: null })} (commit ${commit.slice(0, 8)}) has no file ${address.path}.`,
    remedy: known.length === 0 ? `See ${page}.` : `It has ${shown}.`,
  });
}
