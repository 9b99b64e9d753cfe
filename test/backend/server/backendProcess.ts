/** The built backend as a process of its own, as the editor starts it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { backendFileSchema, type BackendFile } from '../../../backend/protocol/methods.ts';
import { storeFolder } from '../../../backend/store/workspaceFolders.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { RpcClient } from './rpcClient.ts';

/** What the backend says on standard output. */
export type Greeting =
  | { readonly ready: true; readonly port: number; readonly pid: number; readonly isExisting?: true }
  | { readonly ready: false; readonly error: { readonly code: string; readonly message: string; readonly remedy: string | null } };

export class BackendProcess {
  readonly child: ChildProcess;
  readonly workspace: string;
  readonly greeting: Greeting;
  /** From the start of the process to its greeting. */
  readonly readyMs: number;
  private readonly exit: Promise<[code: number | null, signal: string | null]>;
  private readonly complaints: string[];

  private constructor(
    child: ChildProcess,
    workspace: string,
    greeting: Greeting,
    readyMs: number,
    exit: Promise<[number | null, string | null]>,
    complaints: string[],
  ) {
    this.child = child;
    this.workspace = workspace;
    this.greeting = greeting;
    this.readyMs = readyMs;
    this.exit = exit;
    this.complaints = complaints;
  }

  static async start(workspace: string, ...options: readonly string[]): Promise<BackendProcess> {
    const start = performance.now();
    const child = spawn(process.execPath, [join(repositoryRoot, 'dist/backend.js'), '--workspace', workspace, '--threads', '1', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const complaints: string[] = [];
    child.stderr.on('data', (chunk: Buffer) => complaints.push(String(chunk)));
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
    const line = new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      void exit.then(([code]) => setTimeout(() => reject(new Error(`the backend ended (${code}) without a word: ${complaints.join('')}`)), 100));
    });
    const greeting = JSON.parse(await line) as Greeting;
    return new BackendProcess(child, workspace, greeting, performance.now() - start, exit, complaints);
  }

  connect(): Promise<RpcClient> {
    return RpcClient.connect(this.file());
  }

  file(): BackendFile {
    return backendFileSchema.parse(JSON.parse(readFileSync(join(storeFolder(this.workspace), 'backend.json'), 'utf8')));
  }

  get log(): string {
    return this.complaints.join('');
  }

  /** Sends the signal; resolves to how the process ended. */
  async end(signal: NodeJS.Signals): Promise<[code: number | null, signal: string | null]> {
    this.child.kill(signal);
    return this.exit;
  }

  /** How the process ended by itself. */
  ended(): Promise<[code: number | null, signal: string | null]> {
    return this.exit;
  }
}
