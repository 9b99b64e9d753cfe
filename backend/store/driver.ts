/** Finds a SQLite for this process: the bundled addon, else the one built into Node; both speak the node:sqlite API. */
import { createRequire } from 'node:module';
import { messageOf, WorkbenchError } from '../core/errors.ts';

export type SqlValue = null | number | string | Uint8Array;

/** The part of the node:sqlite API that the store uses. */
export interface Statement {
  run(...parameters: SqlValue[]): { readonly changes: number | bigint };
  get(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown[];
}

export interface Database {
  readonly isTransaction: boolean;
  prepare(sql: string): Statement;
  exec(sql: string): void;
  close(): void;
}

export interface Driver {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => Database;
}

const candidates = ['@photostructure/sqlite', 'node:sqlite'] as const;

let loaded: Driver | undefined;

/** The first candidate that loads; `load` is a parameter for tests. Throws `store.noDriver` with each one's reason. */
export function findDriver(load: (name: string) => unknown): Driver {
  const reasons: string[] = [];
  for (const name of candidates) {
    try {
      return load(name) as Driver;
    } catch (error) {
      reasons.push(`${name}: ${messageOf(error)}`);
    }
  }
  throw new WorkbenchError({
    code: 'store.noDriver',
    message: `No SQLite could be loaded (${reasons.join('; ')}).`,
    remedy: 'Reinstall the packages for this platform with `npm ci`, or use Node 22.13 or newer, which has SQLite built in.',
  });
}

export function driver(): Driver {
  loaded ??= findDriver(createRequire(import.meta.url));
  return loaded;
}
