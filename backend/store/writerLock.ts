/**
 * At most one process writes a workspace. The lock is an exclusive transaction held open on a database file of its own: the operating system
 * gives it up when the process dies, so a stale lock cannot exist, whatever became of its pid.
 */
import { existsSync } from 'node:fs';
import { Connection } from './connection.ts';
import { WorkbenchError } from '../core/errors.ts';

export class WriterLock {
  private readonly connection: Connection;

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  /** The lock, or undefined when someone holds it. */
  static take(path: string): WriterLock | undefined {
    const connection = Connection.open(path, { readOnly: false });
    try {
      // Outlasts the moment in which `isHeld` of a reader looks.
      connection.exec('PRAGMA busy_timeout = 200; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;');
      return new WriterLock(connection);
    } catch (error) {
      connection.close();
      if (isBusy(error)) {
        return undefined;
      }
      throw error;
    }
  }

  static isHeld(path: string): boolean {
    if (!existsSync(path)) {
      return false;
    }
    const connection = Connection.open(path, { readOnly: true });
    try {
      connection.exec('SELECT 1 FROM sqlite_master');
      return false;
    } catch (error) {
      if (isBusy(error)) {
        return true;
      }
      throw error;
    } finally {
      connection.close();
    }
  }

  release(): void {
    this.connection.exec('ROLLBACK');
    this.connection.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof WorkbenchError && error.code === 'store.busy';
}
