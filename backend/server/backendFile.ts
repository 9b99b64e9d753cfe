/** One backend a workspace: who it is, where it answers, and how a second one finds that out. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { WorkbenchError } from '../core/errors.ts';
import { backendFileSchema, protocolVersion, socketPath, type BackendFile } from '../protocol/methods.ts';
import { storageError } from '../store/storageErrors.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { WriterLock } from '../store/writerLock.ts';

/** Longest wait for a backend that holds the workspace and has not said yet where it answers. */
const findMs = 5000;
const answerMs = 2000;

/** A random secret of 256 bits, in letters that a header can have. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export type Claim =
  | { readonly kind: 'claimed'; readonly place: BackendPlace }
  /** Another backend serves the workspace. */
  | { readonly kind: 'taken'; readonly backend: BackendFile };

/**
 * Claims the workspace for this process. The claim is a lock that the operating system gives up when the process dies, so what a dead
 * backend left behind counts for nothing. Throws `backend.unreachable` when another one holds the workspace but does not answer.
 */
export async function claimWorkspace(workspace: string): Promise<Claim> {
  const folder = storeFolder(workspace);
  try {
    await mkdir(folder, { recursive: true });
    // Runs are large, and the file beside them holds a secret: neither belongs under version control.
    await writeFile(join(folder, '.gitignore'), '*\n', { flag: 'wx' }).catch(() => undefined);
  } catch (error) {
    throw storageError(error, folder);
  }
  const path = join(folder, 'backend.json');
  for (const deadline = performance.now() + findMs; ; await sleep(100)) {
    const lock = WriterLock.take(join(folder, 'backend.lock'));
    if (lock !== undefined) return { kind: 'claimed', place: new BackendPlace(path, lock) };
    const backend = await readBackendFile(path);
    if (backend !== null && (await isAnswering(backend))) return { kind: 'taken', backend };
    if (performance.now() > deadline) throw unreachable(workspace, backend);
  }
}

/** The claimed place in the workspace where this backend says how it is reached. */
export class BackendPlace {
  private readonly path: string;
  private readonly lock: WriterLock;

  constructor(path: string, lock: WriterLock) {
    this.path = path;
    this.lock = lock;
  }

  /** Call it when the port answers. Readable by this user only, and never seen half written. */
  async announce(place: Pick<BackendFile, 'port' | 'token'>): Promise<void> {
    const file: BackendFile = { ...place, pid: process.pid, protocolVersion, startedAt: Date.now() };
    const temporary = `${this.path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, `${JSON.stringify(file)}\n`, { flag: 'wx', mode: 0o600 });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw storageError(error, this.path);
    }
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
    this.lock.release();
  }
}

/** Null when there is none, or none that is whole. */
async function readBackendFile(path: string): Promise<BackendFile | null> {
  try {
    const parsed = backendFileSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Whether that process lives and its port lets in who has the token. */
async function isAnswering({ pid, port, token }: BackendFile): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${socketPath}`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: answerMs,
    });
    socket.once('open', () => {
      resolve(true);
      socket.close();
    });
    socket.once('error', () => resolve(false));
  });
}

function unreachable(workspace: string, backend: BackendFile | null): WorkbenchError {
  const who = backend === null ? 'another process' : `process ${backend.pid}`;
  return new WorkbenchError({
    code: 'backend.unreachable',
    message: `The backend of ${workspace} (${who}) is there but does not answer.`,
    remedy: 'Wait a moment and try again; if it stays so, end that process.',
  });
}
