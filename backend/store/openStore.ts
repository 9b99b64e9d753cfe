/** Opens the store of a workspace, for one writer or any number of readers. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WorkbenchError } from '../core/errors.ts';
import { Connection } from './connection.ts';
import type { IsAlive } from './runQueries.ts';
import { migrate, requireCurrentSchema } from './schema.ts';
import { storageError } from './storageErrors.ts';
import { Store } from './store.ts';
import { storeFolder } from './workspaceFolders.ts';
import { WriterLock } from './writerLock.ts';

export interface StoreOptions {
  /** Any number of readers may look while one process writes. */
  readonly readOnly?: boolean;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
}

/**
 * Opens the store of a workspace; a writer makes it when there is none. Throws `store.locked` when another process writes it, `store.missing`,
 * `store.readOnly`, `store.corrupt`, `store.foreign`, `store.newer`, `store.older`, `store.diskFull`.
 */
export function openStore(workspace: string, { readOnly = false, clock = Date.now }: StoreOptions = {}): Store {
  const folder = storeFolder(workspace);
  const path = join(folder, 'store.db');
  const lockPath = join(folder, 'writer.lock');
  if (readOnly) {
    return openForReading(path, lockPath, clock);
  }
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw storageError(error, folder);
  }
  const lock = WriterLock.take(lockPath);
  if (lock === undefined) {
    throw lockedError(workspace, path);
  }
  try {
    return openForWriting(path, lock, clock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openForWriting(path: string, lock: WriterLock, clock: () => number): Store {
  const connection = Connection.open(path, { readOnly: false });
  try {
    // FULL: a commit survives a power loss, too. It costs one fsync a step.
    connection.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000;',
    );
    migrate(connection);
    const newest = connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM events')?.seq ?? 0;
    connection.run('INSERT INTO writers (pid, openedAt, afterSeq) VALUES (?, ?, ?)', process.pid, clock(), newest);
    return new Store(connection, { lock, clock, isAlive: (seq) => seq > newest });
  } catch (error) {
    connection.close();
    throw error;
  }
}

function openForReading(path: string, lockPath: string, clock: () => number): Store {
  if (!existsSync(path)) {
    throw new WorkbenchError({
      code: 'store.missing',
      message: `There is no store at ${path}.`,
      remedy: 'Start a run in this workspace, or open another folder.',
    });
  }
  const connection = connectForReading(path);
  try {
    requireCurrentSchema(connection);
    const isAlive: IsAlive = (seq) => seq > (newestWriter(connection)?.afterSeq ?? 0) && WriterLock.isHeld(lockPath);
    return new Store(connection, { lock: null, clock, isAlive });
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A reader shares a small file with the writer; where it may not make that, nobody writes, and the file alone is read. */
function connectForReading(path: string): Connection {
  try {
    return connected(path);
  } catch (error) {
    const hasLog = existsSync(`${path}-wal`) && statSync(`${path}-wal`).size > 0;
    const isBarred = error instanceof WorkbenchError && (error.code === 'store.readOnly' || error.code === 'store.cannotOpen');
    if (isBarred && !hasLog) {
      return connected(`${pathToFileURL(path).href}?immutable=1`);
    }
    throw error;
  }
}

function connected(location: string): Connection {
  const connection = Connection.open(location, { readOnly: true });
  try {
    // The first statement that reads is the one that fails.
    connection.exec('PRAGMA busy_timeout = 5000; SELECT 1 FROM sqlite_master;');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function newestWriter(connection: Connection): { readonly pid: number; readonly afterSeq: number } | undefined {
  return connection.get('SELECT pid, afterSeq FROM writers ORDER BY number DESC LIMIT 1');
}

function lockedError(workspace: string, path: string): WorkbenchError {
  return new WorkbenchError({
    code: 'store.locked',
    message: `Another process writes the store of ${workspace} (pid ${holderPid(path) ?? 'unknown'}).`,
    remedy: 'Stop that run or close that window, or open the workspace for reading.',
  });
}

/** Undefined while the holder has not got as far as signing. */
function holderPid(path: string): number | undefined {
  try {
    const connection = Connection.open(path, { readOnly: true });
    try {
      return newestWriter(connection)?.pid;
    } finally {
      connection.close();
    }
  } catch {
    return undefined;
  }
}
