/**
 * Links in a folder that nobody has vouched for. Viewing a workspace reads its store and keeps a log and a lock in it: a folder from elsewhere
 * may hold links that lead these to other files of the person, or to the backend of another workspace.
 */
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { BackendError } from './errors.ts';

/** Throws `workspace.strayLink` where `.critique-grpo`, or something directly in it, is a link that leads out of the workspace's folder. */
export async function refuseStrayLinks(workspace: string): Promise<void> {
  const folder = join(workspace, '.critique-grpo');
  const names = await readdir(folder).catch(() => []);
  for (const path of [folder, ...names.map((name) => join(folder, name))]) {
    const target = await targetOf(path);
    if (target === null || isInside(target, await realpath(workspace))) continue;
    throw new BackendError({
      code: 'workspace.strayLink',
      message: `${path} is a link to ${target}, which is outside of the workspace folder, and the workspace is not trusted: nothing is read or written there.`,
      remedy: 'Trust the workspace ("Workspaces: Manage Workspace Trust"), or put a folder in the place of the link.',
    });
  }
}

/** Where a link leads in the end, whether or not something is there; null for what is no link. */
async function targetOf(path: string): Promise<string | null> {
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (!isLink) return null;
  return realpath(path).catch(async () => resolve(await realpath(dirname(path)), await readlink(path)));
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way);
}
