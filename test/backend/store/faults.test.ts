/** What the store says when its place is bad, and that nothing recorded before is lost. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Connection } from '../../../backend/store/connection.ts';
import { driver, findDriver } from '../../../backend/store/driver.ts';
import { openStore } from '../../../backend/store/openStore.ts';
import { migrate, migrations } from '../../../backend/store/schema.ts';
import { Store } from '../../../backend/store/store.ts';
import { storeFolder } from '../../../backend/store/workspaceFolders.ts';
import { WriterLock } from '../../../backend/store/writerLock.ts';
import { newRun, stepBatch, temporaryFolder } from './stepRecords.ts';

const runId = 'run';

function withCode(code: string, message = ''): Error {
  return expect.objectContaining({
    code,
    message: expect.stringContaining(message) as string,
    remedy: expect.stringMatching(/\w/) as string,
  }) as Error;
}

/** A workspace with a closed store of so many steps. */
function closedStore(steps: number): { workspace: string; file: string } {
  const workspace = temporaryFolder();
  const store = openStore(workspace);
  store.createRun(newRun(runId));
  for (let step = 0; step < steps; step++) store.record(stepBatch(runId, step));
  store.close();
  return { workspace, file: join(storeFolder(workspace), 'store.db') };
}

describe('a full disk', () => {
  it('refuses the whole step, keeps those before, and takes the step again once there is room', () => {
    const { workspace, file } = closedStore(3);
    const connection = Connection.open(file, { readOnly: false });
    const lock = WriterLock.take(join(storeFolder(workspace), 'writer.lock')) ?? null;
    const store = new Store(connection, { lock, clock: Date.now, isAlive: () => true });
    onTestFinished(() => store.close());
    let heard = 0;
    store.onEvents(() => heard++);
    connection.exec('PRAGMA max_page_count = 1');
    let step = 3;
    const fill = (): void => {
      for (; step < 1000; step++) store.record(stepBatch(runId, step));
    };
    expect(fill).toThrow(withCode('store.diskFull', file));
    expect(store.run(runId)?.lastStep).toBe(step - 1);
    expect(heard).toBe(step - 3);
    expect(store.countRollouts(runId)).toBe(step * 8);
    connection.exec('PRAGMA max_page_count = 1000000');
    const { events } = store.record(stepBatch(runId, step));
    expect(events).toHaveLength(5);
    expect(store.eventsAfter(0, 100_000).map(({ seq }) => seq)).toEqual(Array.from({ length: (step + 1) * 5 }, (_, at) => at + 1));
  });

  it('is named on a real file system, too', ({ skip }) => {
    const workspace = temporaryFolder();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', workspace], { stdio: 'ignore' });
    } catch {
      skip('needs the right to mount');
    }
    onTestFinished(() => void execFileSync('umount', ['-l', workspace]));
    const store = openStore(workspace);
    onTestFinished(() => store.close());
    store.createRun(newRun(runId));
    let step = 0;
    expect(() => {
      for (; step < 1000; step++) store.record(stepBatch(runId, step));
    }).toThrow(withCode('store.diskFull'));
    expect(step).toBeGreaterThan(0);
    expect(store.countRollouts(runId)).toBe(step * 8);
    store.record(stepBatch(runId, step - 1));
  });
});

describe('a bad place', () => {
  for (const [state, leftover] of [
    ['as it was left', true],
    ['copied without the log', false],
  ] as const) {
    it(`that cannot be written is refused, and still read (${state})`, () => {
      const { workspace, file } = closedStore(2);
      if (!leftover) for (const ending of ['-wal', '-shm']) rmSync(`${file}${ending}`, { force: true });
      chmodTree(workspace, 'readable');
      onTestFinished(() => chmodTree(workspace, 'writable'));
      asOrdinaryUser(() => {
        expect(() => openStore(workspace)).toThrow(withCode('store.readOnly', workspace));
        const reader = openStore(workspace, { readOnly: true });
        expect(reader.run(runId)?.lastStep).toBe(1);
        reader.close();
        const bare = temporaryFolder();
        chmodSync(bare, 0o555);
        expect(() => openStore(bare)).toThrow(withCode('store.readOnly', bare));
      });
    });
  }

  it('that is no folder is refused', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(() => openStore(file)).toThrow(withCode('store.cannotOpen', file));
  });

  it('without a store has nothing to read', () => {
    const workspace = temporaryFolder();
    expect(() => openStore(workspace, { readOnly: true })).toThrow(withCode('store.missing', workspace));
    expect(readdirSync(workspace)).toEqual([]);
  });
});

describe('a bad file', () => {
  for (const readOnly of [false, true]) {
    it(`that is no database is refused and left as it is (${readOnly ? 'reader' : 'writer'})`, () => {
      const workspace = temporaryFolder();
      const file = join(storeFolder(workspace), 'store.db');
      mkdirSync(storeFolder(workspace));
      const text = 'These are not the bytes of a database.\n'.repeat(50);
      writeFileSync(file, text);
      expect(() => openStore(workspace, { readOnly })).toThrow(withCode('store.corrupt', file));
      expect(readFileSync(file, 'utf8')).toBe(text);
      // The refusal gave the lock back.
      rmSync(file);
      openStore(workspace).close();
    });
  }

  it('that is damaged is named, at once or when the damage is read', () => {
    const { workspace, file } = closedStore(30);
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 4096 * 2);
    writeFileSync(file, bytes);
    rmSync(`${file}-wal`, { force: true });
    const read = (): void => {
      const store = openStore(workspace);
      try {
        store.rolloutPage({ runId });
      } finally {
        store.close();
      }
    };
    expect(read).toThrow(withCode('store.corrupt', file));
    expect(statSync(file).size).toBe(bytes.length);
  });

  it('of another program is refused', () => {
    const workspace = temporaryFolder();
    mkdirSync(storeFolder(workspace));
    const file = join(storeFolder(workspace), 'store.db');
    const { DatabaseSync } = driver();
    const other = new DatabaseSync(file, { readOnly: false });
    other.exec('CREATE TABLE theirs (a)');
    other.close();
    expect(() => openStore(workspace)).toThrow(withCode('store.foreign', file));
    expect(() => openStore(workspace, { readOnly: true })).toThrow(withCode('store.foreign', file));
  });

  it('of a newer version is refused, with both versions named', () => {
    const { workspace, file } = closedStore(1);
    const connection = Connection.open(file, { readOnly: false });
    connection.exec('PRAGMA user_version = 999');
    connection.close();
    for (const readOnly of [false, true]) {
      expect(() => openStore(workspace, { readOnly })).toThrow(withCode('store.newer', `version 999; this version knows ${migrations.length}`));
    }
  });
});

describe('an older file', () => {
  const steps = [...migrations, 'CREATE TABLE notes (text); INSERT INTO notes VALUES (1);'];

  it('is brought forward once, with what it holds', () => {
    const { workspace, file } = closedStore(2);
    const connection = Connection.open(file, { readOnly: false });
    migrate(connection, steps);
    migrate(connection, steps);
    expect(connection.all('SELECT text FROM notes')).toHaveLength(1);
    connection.exec(`DROP TABLE notes; PRAGMA user_version = ${migrations.length}`);
    connection.close();
    const store = openStore(workspace);
    expect(store.countRollouts(runId)).toBe(16);
    store.close();
  });

  it('of version 1 keeps what it holds and takes what came since', () => {
    const workspace = temporaryFolder();
    mkdirSync(storeFolder(workspace), { recursive: true });
    const connection = Connection.open(join(storeFolder(workspace), 'store.db'), { readOnly: false });
    migrate(connection, migrations.slice(0, 1));
    const insert = `INSERT INTO runs (id, name, createdAt, algorithm, seed, config) VALUES ('old', 'old', 1, 'grpo', 0, ?)`;
    connection.run(insert, JSON.stringify(newRun('old').config));
    connection.close();
    const store = openStore(workspace);
    onTestFinished(() => store.close());
    expect(store.runSummary('old')).toMatchObject({ id: 'old', state: 'stopped', isHumanTouched: false });
    expect(store.activeEnlistments('old', 1)).toEqual([]);
  });

  it('stays as it was when a migration fails', () => {
    const { file } = closedStore(1);
    const connection = Connection.open(file, { readOnly: false });
    onTestFinished(() => connection.close());
    expect(() => migrate(connection, [...steps, 'CREATE TABLE more (a); SELECT nonsense;'])).toThrow('nonsense');
    expect(connection.all(`SELECT name FROM sqlite_master WHERE name IN ('notes', 'more')`)).toEqual([]);
    migrate(connection, steps);
  });

  it('is not read before it was brought forward', () => {
    const { workspace, file } = closedStore(1);
    const connection = Connection.open(file, { readOnly: false });
    connection.exec('PRAGMA user_version = 0');
    connection.close();
    expect(() => openStore(workspace, { readOnly: true })).toThrow(withCode('store.older', 'schema version 0'));
  });
});

describe('the SQLite driver', () => {
  it('is the one of Node when the addon does not load', () => {
    const names: string[] = [];
    const found = findDriver((name) => {
      names.push(name);
      if (name !== 'node:sqlite') throw new Error('wrong platform');
      return driver();
    });
    expect(found).toBe(driver());
    expect(names).toEqual(['@photostructure/sqlite', 'node:sqlite']);
  });

  it('is missed with the reasons of both', () => {
    const load = (name: string): never => {
      throw new Error(`no ${name} here`);
    };
    expect(() => findDriver(load)).toThrow(withCode('store.noDriver', 'no @photostructure/sqlite here; node:sqlite: no node:sqlite here'));
  });
});

describe('a closed store', () => {
  it('leaves everything in its one file', () => {
    const { file } = closedStore(5);
    expect(existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0).toBe(0);
    expect(readdirSync(join(file, '..')).filter((name) => !name.startsWith('store.db'))).toEqual(['writer.lock']);
  });
});

/** Permissions do not bind root, so root becomes nobody for a while. */
function asOrdinaryUser(body: () => void): void {
  if (process.getuid?.() !== 0) {
    body();
    return;
  }
  process.seteuid?.(65534);
  try {
    body();
  } finally {
    process.seteuid?.(0);
  }
}

function chmodTree(folder: string, mode: 'readable' | 'writable'): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? (mode === 'readable' ? 0o555 : 0o755) : mode === 'readable' ? 0o444 : 0o644);
  }
  chmodSync(folder, mode === 'readable' ? 0o555 : 0o755);
}
