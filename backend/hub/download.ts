/** Models and data files of a hub, brought into the cache: only what is needed, only what is not there yet. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkbenchError } from '../core/errors.ts';
import type { DownloadProgress } from './downloadProgress.ts';
import { fetchFiles, noSuchFile } from './fetchFiles.ts';
import { addressText, isCommit, type HubAddress } from './hubAddress.ts';
import { cachedCommit, hasFile, repositoryFolder, snapshotFolder, writeRef } from './hubCache.ts';
import { usualPace, type HubAccess, type Pace } from './hubRequest.ts';
import { readHubSettings, type HubSettings } from './hubSettings.ts';
import { indexFile, isDescription, requireWeights, weightFilesOf, type ModelPart } from './modelFiles.ts';
import { readRepository, repositoryPage, type HubRepository } from './repository.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Those of the environment if left out. */
  readonly settings?: HubSettings;
  readonly pace?: Pace;
}

export interface FolderOptions extends DownloadOptions {
  /** Files of the repository that are known to be all that is wanted: where the cache has them at a commit, nothing is asked. */
  readonly known?: readonly string[];
}

export interface DownloadedModel {
  /** The snapshot in the cache: a Hugging Face model folder whose files are links. */
  readonly folder: string;
  readonly commit: string;
  /** The hub could not be asked, so this is what the cache had of the revision. */
  readonly isFromCache: boolean;
}

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

/**
 * Brings those files into the cache that `choose` takes of the paths below the address's own (all of the repository if it has none); returns
 * the folder of that path in the snapshot. Without a connection the cache answers with what it has. Throws `hub.…`, or an `AbortError`.
 */
export async function downloadFolder(
  address: HubAddress,
  choose: (paths: readonly string[]) => readonly string[],
  options: FolderOptions = {},
): Promise<string> {
  const access = await accessOf(options);
  const { settings } = access;
  const folder = repositoryFolder(address, settings.cacheFolder);
  const below = address.path ?? '.';
  const commit = await cachedCommit(folder, address.revision);
  const place = commit === null ? null : join(snapshotFolder(folder, commit), below);
  const cached = place !== null && (await isFolder(place)) ? place : null;
  if (settings.isOffline) return cached ?? missingOffline(address, settings);
  const { known = [] } = options;
  const hasKnown = async (snapshot: string): Promise<boolean> => !(await Promise.all(known.map((path) => hasFile(snapshot, path)))).includes(false);
  if (cached !== null && isCommit(address.revision) && known.length > 0 && (await hasKnown(snapshotFolder(folder, address.revision)))) return cached;
  const repository = await readUnless(cached, address, access);
  if (repository === null) return cached as NonNullable<typeof cached>;
  const start = address.path === null ? '' : `${address.path}/`;
  const wanted = choose(repository.files.flatMap(({ path }) => (path.startsWith(start) ? [path.slice(start.length)] : [])));
  if (wanted.length === 0) throw noSuchFile(address, repository, settings);
  await fetchFiles(
    repository,
    wanted.map((path) => start + path),
    access,
    options.onProgress,
  );
  await writeRef(folder, address.revision, repository.commit);
  return join(snapshotFolder(folder, repository.commit), below);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
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

function missingOffline(address: HubAddress, { cacheFolder }: HubSettings): never {
  throw new WorkbenchError({
    code: 'hub.offline',
    message: `${addressText(address)} is not in ${cacheFolder}, or not all of it, and HF_HUB_OFFLINE forbids asking for it.`,
    remedy: 'Unset HF_HUB_OFFLINE, or download it first (critique-grpo download).',
  });
}
