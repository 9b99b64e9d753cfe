/** Models and data files of a hub, brought into the cache: only what is needed, only what is not there yet. */
import { mkdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { downloadBlob } from './blobDownload.ts';
import { ProgressMeter, type DownloadProgress } from './downloadProgress.ts';
import { addressText, isCommit, type HubAddress } from './hubAddress.ts';
import { blobPath, cachedCommit, hasFile, placeFile, repositoryFolder, snapshotFolder, writeRef } from './hubCache.ts';
import { usualPace, type HubAccess, type Pace } from './hubRequest.ts';
import { readHubSettings, type HubSettings } from './hubSettings.ts';
import { indexFile, isDescription, requireWeights, weightFilesOf, type ModelPart } from './modelFiles.ts';
import { bytesLeft } from './partialFile.ts';
import { fileUrl, readRepository, repositoryPage, withHeaders, type HubFile, type HubRepository } from './repository.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Those of the environment if left out. */
  readonly settings?: HubSettings;
  readonly pace?: Pace;
}

export interface DownloadedModel {
  /** The snapshot in the cache: a Hugging Face model folder whose files are links. */
  readonly folder: string;
  readonly commit: string;
  /** The hub could not be asked, so this is what the cache had of the revision. */
  readonly isFromCache: boolean;
}

const connections = 4;

/**
 * Brings a model into the cache. A commit whose files are there costs no request; without a connection the cache answers for a branch as
 * well. Throws `hub.…`, or an `AbortError`.
 */
export async function downloadModel(address: HubAddress, part: ModelPart, options: DownloadOptions = {}): Promise<DownloadedModel> {
  const access = await accessOf(options);
  const cached = await cachedModel(address, part, access.settings.cacheFolder);
  if (access.settings.isOffline) return cached ?? missingOffline(address, access.settings);
  if (cached !== null && isCommit(address.revision)) return cached;
  const repository = await readUnless(cached, address, access);
  if (repository === null) return cached as NonNullable<typeof cached>;
  const folder = repositoryFolder(address, access.settings.cacheFolder);
  const snapshot = snapshotFolder(folder, repository.commit);
  const paths = repository.files.map(({ path }) => path);
  requireWeights(paths, addressText(address), repositoryPage(address, access.settings.endpoint));
  await fetchFiles(repository, paths.filter(isDescription), access, options.onProgress);
  if (part === 'all') {
    const wanted = weightFilesOf(paths, await readIndex(snapshot));
    await fetchFiles(repository, wanted, access, options.onProgress);
  }
  await writeRef(folder, address.revision, repository.commit);
  return { folder: snapshot, commit: repository.commit, isFromCache: false };
}

/** Brings the one file that an address names into the cache; returns its path. Throws `hub.…`, or an `AbortError`. */
export async function downloadFile(address: HubAddress, options: DownloadOptions = {}): Promise<string> {
  const access = await accessOf(options);
  const { settings } = access;
  const { path } = address;
  const folder = repositoryFolder(address, settings.cacheFolder);
  const commit = await cachedCommit(folder, address.revision);
  const cached =
    commit !== null && path !== null && (await hasFile(snapshotFolder(folder, commit), path)) ? join(snapshotFolder(folder, commit), path) : null;
  if (settings.isOffline) return cached ?? missingOffline(address, settings);
  if (cached !== null && isCommit(address.revision)) return cached;
  const repository = await readUnless(cached, address, access);
  if (repository === null) return cached as NonNullable<typeof cached>;
  if (path === null || !repository.files.some((file) => file.path === path)) throw noSuchFile(address, repository, settings);
  await fetchFiles(repository, [path], access, options.onProgress);
  await writeRef(folder, address.revision, repository.commit);
  return join(snapshotFolder(folder, repository.commit), path);
}

/** The repository as the hub has it; null where the hub does not answer and the cache does. */
async function readUnless(cached: unknown, address: HubAddress, access: HubAccess): Promise<HubRepository | null> {
  if (cached === null) return readRepository(address, access);
  try {
    return await readRepository(address, { ...access, pace: { ...access.pace, attempts: Math.min(2, access.pace.attempts) } });
  } catch (error) {
    if (error instanceof WorkbenchError && ['hub.unreachable', 'hub.busy'].includes(error.code)) return null;
    throw error;
  }
}

async function accessOf({ signal, settings, pace }: DownloadOptions): Promise<HubAccess> {
  return { settings: settings ?? (await readHubSettings()), signal: signal ?? new AbortController().signal, pace: pace ?? usualPace };
}

/** What the cache has of the revision, if it is enough to be opened. */
async function cachedModel(address: HubAddress, part: ModelPart, cacheFolder: string): Promise<DownloadedModel | null> {
  const repository = repositoryFolder(address, cacheFolder);
  const commit = await cachedCommit(repository, address.revision);
  if (commit === null) return null;
  const folder = snapshotFolder(repository, commit);
  const has = (path: string): Promise<boolean> => hasFile(folder, path);
  const isAdapter = await has('adapter_config.json');
  const isDescribed = isAdapter || ((await has('config.json')) && (await has('tokenizer.json')));
  if (!isDescribed) return null;
  if (part === 'all' && !(await hasWeights(folder))) return null;
  return { folder, commit, isFromCache: true };
}

/** Whether every weight file of a snapshot is there. */
export async function hasWeights(snapshot: string): Promise<boolean> {
  const has = (path: string): Promise<boolean> => hasFile(snapshot, path);
  if ((await has('model.safetensors')) || (await has('adapter_model.safetensors'))) return true;
  const shards = weightFilesOf([], await readIndex(snapshot));
  return shards.length > 0 && !(await Promise.all(shards.map(has))).includes(false);
}

async function readIndex(snapshot: string): Promise<unknown> {
  const text = await readFile(join(snapshot, indexFile), 'utf8').catch(() => 'null');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Downloads what the cache lacks of the given files, several at once, and places all of them in the snapshot. */
async function fetchFiles(
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
    if (!(await hasFile(snapshot, path))) files.push(complete(await withHeaders(repository, file, access), address));
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

function noSuchFile(address: HubAddress, { commit, files }: HubRepository, { endpoint }: HubSettings): WorkbenchError {
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

function missingOffline(address: HubAddress, { cacheFolder }: HubSettings): never {
  throw new WorkbenchError({
    code: 'hub.offline',
    message: `${addressText(address)} is not in ${cacheFolder}, or not all of it, and HF_HUB_OFFLINE forbids asking for it.`,
    remedy: 'Unset HF_HUB_OFFLINE, or download it first (critique-grpo download).',
  });
}
