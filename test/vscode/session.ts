/** A window with the installed extension on a workspace of its own, and looks into the store behind it. */
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installExtension, startCodeServer, type ServerOptions } from '../../scripts/codeServer.mjs';
import { thisTarget, vsixPath } from '../../scripts/package.mjs';
import { openStore } from '../../backend/store/openStore.ts';
import type { Store } from '../../backend/store/store.ts';
import { repositoryRoot } from '../support/sourceTree.ts';
import { endBackendOf, makeWorkspace, type WorkspaceOptions } from './fixtureWorkspace.ts';
import { openWindow, patience, resultsFolder, type WorkbenchWindow } from './workbenchWindow.ts';

/** The pictures of README.md are renewed, from longer trainings. */
export const withPictures = process.env['CRITIQUE_GRPO_PICTURES'] === '1';

export interface SessionOptions extends Pick<ServerOptions, 'settings' | 'env' | 'args'> {
  readonly name: string;
  readonly workspace: WorkspaceOptions;
  /** Parameters of the window's address, from the address's port. */
  readonly query?: (port: number) => Readonly<Record<string, string>>;
}

export interface Session {
  readonly workspace: string;
  readonly window: WorkbenchWindow;
  /** A fresh look into the store that the backend writes; undefined while there is none. */
  reading<T>(read: (store: Store) => T): T | undefined;
  /** Leaves a picture of the window, and in the end the logs. */
  failed(): Promise<void>;
  close(): Promise<void>;
}

export async function openSession({ name, workspace: options, query, ...serverOptions }: SessionOptions): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), `critique-grpo-${name}-`));
  const workspace = makeWorkspace(join(folder, 'problems'), options);
  installExtension(folder, vsixPath(thisTarget));
  const settings = { 'workbench.colorTheme': 'Default Dark Modern', 'critiqueGrpo.author': 'Ada', ...serverOptions.settings };
  const server = await startCodeServer({ folder, ...serverOptions, settings });
  const window = await openWindow({ url: server.url(workspace, query?.(server.port)), profile: join(folder, 'browser') });
  let hasFailed = false;
  return {
    workspace,
    window,
    reading(read) {
      if (!existsSync(join(workspace, '.critique-grpo/store.db'))) return undefined;
      const store = openStore(workspace, { readOnly: true });
      try {
        return read(store);
      } finally {
        store.close();
      }
    },
    async failed() {
      hasFailed = true;
      await window.picture(`${name}-failed`);
    },
    async close() {
      if (hasFailed && existsSync(server.logFolder)) cpSync(server.logFolder, join(resultsFolder, `${name}-logs`), { recursive: true });
      await window.close();
      await server.stop();
      endBackendOf(workspace);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** Looks again until there is something. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined, milliseconds = patience): Promise<T> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`Waited ${milliseconds / 1000} s in vain for ${what}.`);
    await delay(250);
  }
}

/** As a picture of README.md. */
export async function keepPicture(window: WorkbenchWindow, name: string): Promise<void> {
  const target = join(repositoryRoot, 'media/screenshots');
  mkdirSync(target, { recursive: true });
  copyFileSync(await window.picture(name), join(target, `${name}.png`));
}
