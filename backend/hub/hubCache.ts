/**
 * The hub's cache on disk, as the Python tools keep it: `models--owner--name/` with `blobs/` (contents by checksum), `snapshots/<commit>/`
 * (files as relative links to blobs) and `refs/` (what a branch points to).
 */
import { randomUUID } from 'node:crypto';
import { copyFile, link, lstat, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { isCommit, isPlainPath, type HubAddress } from './hubAddress.ts';

/** Folder of a repository in the cache. */
export function repositoryFolder({ kind, id }: HubAddress, cacheFolder: string): string {
  return join(cacheFolder, `${kind}s--${id.replace('/', '--')}`);
}

export function blobPath(repository: string, etag: string): string {
  return join(repository, 'blobs', etag);
}

export function snapshotFolder(repository: string, commit: string): string {
  return join(repository, 'snapshots', commit);
}

/** The commit that a revision pointed to when it was last asked for; null if it never was. */
export async function cachedCommit(repository: string, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  if (!isPlainPath(revision)) return null;
  const text = await readFile(join(repository, 'refs', revision), 'utf8').catch(() => '');
  return isCommit(text.trim()) ? text.trim() : null;
}

/** Remembers what a branch or tag points to. */
export async function writeRef(repository: string, revision: string, commit: string): Promise<void> {
  if (isCommit(revision)) return;
  const path = join(repository, 'refs', revision);
  await onDisk(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomUUID()}.tmp`;
    await writeFile(temporary, commit);
    await rename(temporary, path);
  });
}

/** Whether a snapshot has the file, with its content: of that size, if one is given. */
export async function hasFile(snapshot: string, path: string, size: number | null = null): Promise<boolean> {
  return stat(join(snapshot, path)).then(
    (status) => status.isFile() && (size === null || status.size === size),
    () => false,
  );
}

/** A way to have a blob at another path. */
type Link = (blob: string, target: string) => Promise<void>;

/** From the best on; a copy remains where none of them can be made, as on some systems and drives. */
const links: readonly Link[] = [(blob, target) => symlink(relative(dirname(target), blob), target), link];

/** Puts a blob into a snapshot under its file name: a relative link, or a hard link or a copy where there are no links. */
export async function placeFile(snapshot: string, path: string, blob: string, ways: readonly Link[] = links): Promise<void> {
  const target = join(snapshot, path);
  await onDisk(target, async () => {
    await mkdir(dirname(target), { recursive: true });
    // A link that leads nowhere is in the way.
    if (await lstat(target).catch(() => null)) await rm(target, { force: true });
    for (const way of ways) {
      const isMade = await way(blob, target).then(
        () => true,
        () => false,
      );
      if (isMade) return;
    }
    // Another process may have been faster.
    if (!(await hasFile(snapshot, path))) await copyFile(blob, target);
  });
}

/** The address of the repository that a folder is a snapshot of; null for other folders. */
export function snapshotAddress(folder: string): HubAddress | null {
  const [repository = '', snapshots, commit = ''] = folder.split(sep).slice(-3);
  const [, kind, owner, name] = /^(model|dataset)s--(.+?)--(.+)$/.exec(repository) ?? [];
  if (snapshots !== 'snapshots' || !isCommit(commit) || kind === undefined || owner === undefined || name === undefined) return null;
  return { kind: kind as HubAddress['kind'], id: `${owner}/${name}`, revision: commit, path: null };
}

/** Where a file of the cache stands in its repository; null for other files. */
export function fileInSnapshot(file: string): { readonly commit: string; readonly path: string } | null {
  const parts = file.split(sep);
  const at = parts.lastIndexOf('snapshots');
  const commit = parts[at + 1] ?? '';
  return at < 0 || !isCommit(commit) ? null : { commit, path: parts.slice(at + 2).join('/') };
}

/**
 * A folder of the cache as people point at it: that of a repository stands for the snapshot of its main branch. Other folders are as they
 * are. Throws `model.notFound` for a repository without that snapshot.
 */
export async function currentSnapshot(folder: string): Promise<string> {
  const isRepository = await stat(join(folder, 'snapshots')).then(
    (status) => status.isDirectory() && /^(?:model|dataset)s--/.test(basename(folder)),
    () => false,
  );
  if (!isRepository) return folder;
  const commit = await cachedCommit(folder, 'main');
  const snapshot = commit === null ? null : snapshotFolder(folder, commit);
  if (snapshot !== null && (await stat(snapshot).catch(() => null)) !== null) return snapshot;
  throw new WorkbenchError({
    code: 'model.notFound',
    message: `The cached repository ${folder} has no snapshot of its main branch (${commit === null ? 'refs/main is missing' : `snapshots/${commit} is missing`}).`,
    remedy: 'Give one of its folders under snapshots/, or download it again.',
  });
}

/** Failures of the disk, told apart from those of the connection. */
export async function onDisk<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new WorkbenchError({
      code: 'hub.notWritten',
      message: `${path} cannot be written (${messageOf(cause)}).`,
      remedy: 'Free space or correct permissions, or choose another folder by HF_HOME or HF_HUB_CACHE.',
      cause,
    });
  }
}
