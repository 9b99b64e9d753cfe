/** The extension's side of a real backend in a folder of its own, and everything it was told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Event } from '../../../backend/protocol/events.ts';
import type { BackendFile, Result } from '../../../backend/protocol/methods.ts';
import { Backend } from '../../../extension/backend/backend.ts';
import { findBackend, launchBackend, type LaunchOptions } from '../../../extension/backend/launcher.ts';
import type { ConnectionView } from '../../../extension/contract.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

export const entry = join(repositoryRoot, 'dist/backend.js');

/** A folder whose backend, if one is started, ends with the test. */
export function workspaceOfTest(): string {
  const workspace = temporaryFolder();
  // Runs before the folder is removed.
  onTestFinished(async () => {
    const left = await findBackend(workspace, { isViewOnly: false });
    if (left !== null) endProcess(left.pid);
  });
  return workspace;
}

export function launchOptions(workspace: string, options: Partial<LaunchOptions> = {}): LaunchOptions {
  return { workspace, entry, node: process.execPath, threads: 1, idleMinutes: 1, isViewOnly: false, ...options };
}

export interface Window {
  readonly backend: Backend;
  readonly hellos: Result<'initialize'>[];
  readonly connections: ConnectionView[];
  readonly events: Event[];
  readonly log: string[];
  /** How often a backend process was started. */
  launches(): number;
}

export interface WindowOptions {
  readonly launch?: (options: LaunchOptions) => Promise<BackendFile>;
  readonly connected?: (hello: Result<'initialize'>) => void;
}

/** What one editor window has of the workspace's backend. */
export function openWindow(workspace: string, { launch = launchBackend, connected }: WindowOptions = {}): Window {
  const hellos: Result<'initialize'>[] = [];
  const connections: ConnectionView[] = [];
  const events: Event[] = [];
  const log: string[] = [];
  let launches = 0;
  const backend = new Backend(
    {
      find: () => findBackend(workspace, { isViewOnly: false }),
      launch: () => {
        launches++;
        return launch(launchOptions(workspace));
      },
      log: (text) => log.push(text),
    },
    {
      connected: (hello) => {
        hellos.push(hello);
        connected?.(hello);
      },
      connectionChanged: (connection) => connections.push(connection),
      events: (news) => events.push(...news),
      progress: () => undefined,
      runsChanged: () => undefined,
      experimentsChanged: () => undefined,
      languageModelAsked: () => undefined,
      languageModelCanceled: () => undefined,
    },
  );
  onTestFinished(() => backend.dispose());
  return { backend, hellos, connections, events, log, launches: () => launches };
}

export function backendLog(workspace: string): string {
  return readFileSync(join(workspace, '.critique-grpo', 'backend.log'), 'utf8');
}

/** Ends it at once, as a crash does; one that is gone already stays gone. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone.
  }
}

export async function until(isFulfilled: () => boolean, what: string, limitMs = 20_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!isFulfilled()) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
