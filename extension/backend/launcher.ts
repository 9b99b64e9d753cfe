/** Finds the backend of a workspace, or starts one that outlives this window. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { backendFileSchema, errorDataSchema, type BackendFile } from '../../backend/protocol/methods.ts';
import { BackendError } from './errors.ts';
import { refuseStrayLinks } from './strayLink.ts';

export interface LaunchOptions {
  /** Folder whose runs the backend keeps. */
  readonly workspace: string;
  /** `dist/backend.js` */
  readonly entry: string;
  /** A Node executable, or the editor's own. */
  readonly node: string;
  readonly isViewOnly: boolean;
  /** 0 leaves it to the backend. */
  readonly threads: number;
  readonly idleMinutes: number;
}

/** From a heavily loaded machine; usually it takes about a second. */
const startMs = 60_000;
/** At a file that several windows make. */
const maxTries = 10;
const firstLineSchema = z.union([
  z.object({ ready: z.literal(true), port: z.number(), pid: z.number() }),
  z.object({ ready: z.literal(false), error: errorDataSchema }),
]);

/**
 * Where a living backend of the workspace says it is; null when there is none. Whether it answers, only connecting tells. Rejects with
 * `workspace.strayLink` where the workspace is for viewing only.
 */
export async function findBackend(workspace: string, { isViewOnly }: Pick<LaunchOptions, 'isViewOnly'>): Promise<BackendFile | null> {
  if (isViewOnly) await refuseStrayLinks(workspace);
  try {
    const text = await readFile(join(workspace, '.critique-grpo', 'backend.json'), 'utf8');
    const { data } = backendFileSchema.safeParse(JSON.parse(text));
    // Smaller numbers mean groups of processes, not one.
    if (data === undefined || data.pid < 1) return null;
    process.kill(data.pid, 0);
    return data;
  } catch {
    return null;
  }
}

/** Starts a backend and waits until it answers. Rejects with the reason it gave, with the end of what it said, or with `workspace.strayLink`. */
export async function launchBackend(options: LaunchOptions): Promise<BackendFile> {
  const { workspace, entry, node, isViewOnly, threads, idleMinutes } = options;
  if (isViewOnly) await refuseStrayLinks(workspace);
  const folder = join(workspace, '.critique-grpo');
  await mkdir(folder, { recursive: true });
  const logPath = join(folder, 'backend.start.log');
  const log = await newFile(logPath);
  const args = [
    entry,
    '--workspace',
    workspace,
    '--idle-minutes',
    String(idleMinutes),
    ...(threads > 0 ? ['--threads', String(threads)] : []),
    ...(isViewOnly ? ['--view-only'] : []),
  ];
  try {
    const child = spawn(node, args, {
      cwd: workspace,
      // Of its own group, so that it outlives the window; the editor's executable acts as plain Node.
      detached: true,
      windowsHide: true,
      stdio: ['ignore', 'pipe', log.fd],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    const line = await firstLine(child);
    child.stdout?.destroy();
    child.unref();
    const said = firstLineSchema.safeParse(parsed(line));
    if (said.success && !said.data.ready) throw new BackendError(said.data.error);
    const found = said.success ? await findBackend(workspace, options) : null;
    if (found !== null) return found;
    throw await startFailure(options, logPath);
  } finally {
    await log.close();
  }
}

/** Made anew, never followed: in a folder from elsewhere the name might be a link to another file. */
async function newFile(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    await rm(path, { force: true, recursive: true });
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      // Another window makes it at the same moment.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || tries === maxTries) throw error;
    }
  }
}

/** Empty when the process ended, or never got there. */
function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const deadline = setTimeout(() => resolve(''), startMs);
    const settle = (line: string): void => {
      clearTimeout(deadline);
      resolve(line);
    };
    child.once('error', () => settle(''));
    child.once('exit', () => settle(text.trim()));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) settle(text.slice(0, end));
    });
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function startFailure({ node, entry }: LaunchOptions, logPath: string): Promise<BackendError> {
  const said = await readFile(logPath, 'utf8').catch(() => '');
  const tail = said.trim().split('\n').slice(-5).join('\n');
  return new BackendError({
    code: 'backend.noStart',
    message: `The backend did not start (${node} ${entry}).${tail === '' ? '' : `\n${tail}`}`,
    remedy: 'Run "Critique-GRPO: Show Log", or set critiqueGrpo.nodePath to a Node 20.20 or newer.',
  });
}
