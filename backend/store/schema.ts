/** The tables of the store and how an older file becomes a current one. */
import { WorkbenchError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import { version1 } from './migrations/version1.ts';
import { version2 } from './migrations/version2.ts';
import { version3 } from './migrations/version3.ts';
import { version4 } from './migrations/version4.ts';
import { version5 } from './migrations/version5.ts';
import { version6 } from './migrations/version6.ts';

/** "CGRP": tells our files from other SQLite files. */
const applicationId = 0x43475250;

/** `migrations[n]` takes a file from version n to n + 1. Released ones are never edited. */
export const migrations: readonly string[] = [version1, version2, version3, version4, version5, version6];

interface Versions {
  readonly id: number;
  readonly version: number;
  readonly objects: number;
}

/** Brings the file to the newest version, or refuses it: `store.foreign`, `store.newer`. */
export function migrate(connection: Connection, steps: readonly string[] = migrations): void {
  const found = checkOrigin(connection, steps.length);
  if (found.version === steps.length) {
    return;
  }
  connection.transaction(() => {
    for (const step of steps.slice(found.version)) {
      connection.exec(step);
    }
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length};`);
  });
}

/** For readers, which cannot migrate: also refuses an older file, with `store.older`. */
export function requireCurrentSchema(connection: Connection): void {
  const found = checkOrigin(connection, migrations.length);
  if (found.version < migrations.length) {
    throw new WorkbenchError({
      code: 'store.older',
      message: `${connection.path} has schema version ${found.version}; this version reads ${migrations.length}.`,
      remedy: 'Open the workspace once for writing, which upgrades it.',
    });
  }
}

function checkOrigin(connection: Connection, newest: number): Versions {
  const found = connection.get<Versions>(
    `SELECT (SELECT application_id FROM pragma_application_id) AS id, (SELECT user_version FROM pragma_user_version) AS version,
       (SELECT count(*) FROM sqlite_master) AS objects`,
  );
  if (found === undefined) {
    throw new Error('SQLite answered no row to a scalar query.');
  }
  if (found.id !== applicationId && found.objects > 0) {
    throw new WorkbenchError({
      code: 'store.foreign',
      message: `${connection.path} is a SQLite file of another program.`,
      remedy: 'Move it away, or open another folder as the workspace.',
    });
  }
  if (found.version > newest) {
    throw new WorkbenchError({
      code: 'store.newer',
      message: `${connection.path} has schema version ${found.version}; this version knows ${newest} and older.`,
      remedy: 'Update Critique-GRPO Workbench, or open a folder made by this version.',
    });
  }
  return found;
}
