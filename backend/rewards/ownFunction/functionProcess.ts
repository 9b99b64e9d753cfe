/** One process of a reward function: loaded, asked one completion at a time, and killed when it exceeds its deadline. */
import { spawn, type ChildProcess } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { VerifierOptions } from '../../protocol/verifierConfig.ts';
import { failedOutcome } from '../grade.ts';
import type { VerifierInput, VerifierOutcome } from '../verifier.ts';
import type { FunctionReply, FunctionRequest } from './functionMessages.ts';
import type { OutputLog } from './outputLog.ts';
import { pythonRunner } from './pythonRunner.ts';
import { readReward } from './readReward.ts';

export interface FunctionProgram {
  /** Absolute. Its folder is the working directory. */
  readonly path: string;
  /** `dist/rewardFunction.js` */
  readonly entry: string;
  readonly options: VerifierOptions;
  readonly output: OutputLog;
}

/** Importing a framework may take long; it must end. */
const loadLimitMs = 120_000;
/** A reply is a few short texts. */
const maxLineLength = 2 ** 20;
/** Of standard error, to say what a process died of. */
const tailLength = 2000;

const keptVariables = [
  ...['PATH', 'HOME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR', 'TEMP', 'TMP', 'VIRTUAL_ENV', 'LD_LIBRARY_PATH'],
  ...['USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'SystemRoot', 'ComSpec', 'PATHEXT'],
  // The editor's program is Node only with it.
  'ELECTRON_RUN_AS_NODE',
];

export class FunctionProcess {
  private readonly program: FunctionProgram;
  private readonly child: ChildProcess;
  private readonly isPython: boolean;
  private onReply: ((reply: FunctionReply) => void) | undefined;
  private onDeath: ((reason: string) => void) | undefined;
  private tail = '';
  private pendingLine = '';
  private death: string | undefined;
  private asked = 0;

  private constructor(program: FunctionProgram) {
    this.program = program;
    this.isPython = /\.py$/i.test(program.path);
    this.child = this.spawn();
  }

  /** Loads the function from `source`, the text of its file. Rejects with the reason, in words, when that cannot be. */
  static async open(program: FunctionProgram, source: string): Promise<FunctionProcess> {
    const opened = new FunctionProcess(program);
    try {
      await opened.load(source);
      return opened;
    } catch (error) {
      opened.kill();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.death === undefined;
  }

  /** Never rejects. A process that exceeds the deadline is dead afterwards. */
  async grade({ problem, completion, finish }: VerifierInput, deadlineMs: number): Promise<VerifierOutcome> {
    const id = ++this.asked;
    const input = { problem, completion, finish, answer: problem.answer, prompt: problem.prompt };
    const name = basename(this.program.path);
    const reply = await this.ask({ type: 'grade', id, input }, deadlineMs, (answer) => 'id' in answer && answer.id === id);
    if (typeof reply === 'string') return failedOutcome(`The reward function ${name} ${reply}.`);
    switch (reply.type) {
      case 'graded':
        return readReward(reply.value, this.program.options.rightFrom);
      case 'threw':
        return failedOutcome(`The reward function threw: ${String(reply.reason)}`);
      case 'odd':
        return failedOutcome(
          `The reward function returned ${String(reply.text)}; it may return a finite number, a boolean or an object with "reward".`,
        );
      default:
        throw new Error(`a reward function answered ${reply.type} to a request to grade`);
    }
  }

  kill(): void {
    this.end('was stopped');
    this.child.kill('SIGKILL');
  }

  private async load(source: string): Promise<void> {
    const { path } = this.program;
    const ready = await this.wait(loadLimitMs, ({ type }) => type === 'ready');
    if (typeof ready === 'string') throw new Error(`its process ${ready}`);
    const loaded = await this.ask({ type: 'load', path, source }, loadLimitMs, ({ type }) => type === 'loaded' || type === 'unloadable');
    if (typeof loaded === 'string') throw new Error(`its process ${loaded} while it was loaded`);
    if (loaded.type === 'unloadable') throw new Error(loaded.reason);
  }

  private ask(request: FunctionRequest, limitMs: number, isAnswer: (reply: FunctionReply) => boolean): Promise<FunctionReply | string> {
    const answer = this.wait(limitMs, isAnswer);
    if (this.isPython) this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    else if (this.child.connected) this.child.send(request, () => undefined);
    return answer;
  }

  /** The first reply that is one; or why there is none, as the end of a sentence about the process. */
  private wait(limitMs: number, isAnswer: (reply: FunctionReply) => boolean): Promise<FunctionReply | string> {
    if (this.death !== undefined) return Promise.resolve(this.death);
    return new Promise((settle) => {
      const finish = (answer: FunctionReply | string): void => {
        clearTimeout(timer);
        this.onReply = undefined;
        this.onDeath = undefined;
        settle(answer);
      };
      const timer = setTimeout(() => {
        finish(`exceeded its deadline of ${limitMs} ms`);
        this.kill();
      }, limitMs);
      this.onReply = (reply) => {
        if (isAnswer(reply)) finish(reply);
      };
      this.onDeath = finish;
    });
  }

  private end(reason: string): void {
    if (this.death !== undefined) return;
    this.death = reason;
    this.onDeath?.(reason);
  }

  private spawn(): ChildProcess {
    const { path, entry, options, output } = this.program;
    const names = new Set([...keptVariables, ...options.env]);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => names.has(name)));
    const shared = { cwd: dirname(path), windowsHide: true } as const;
    const child = this.isPython
      ? spawn(options.python ?? (process.platform === 'win32' ? 'python' : 'python3'), ['-c', pythonRunner], {
          ...shared,
          env: { ...env, PYTHONUTF8: '1' },
          stdio: ['pipe', 'pipe', 'pipe'],
        })
      : spawn(process.execPath, [entry], { ...shared, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    child.stdin?.on('error', () => undefined);
    child.stderr?.on('data', (chunk: Buffer) => {
      output.write(chunk);
      this.tail = (this.tail + chunk.toString()).slice(-tailLength);
    });
    child.stdout?.on('data', (chunk: Buffer) => (this.isPython ? this.readLines(chunk.toString()) : output.write(chunk)));
    child.on('message', (reply: FunctionReply) => this.onReply?.(reply));
    child.on('error', (error: NodeJS.ErrnoException) => {
      const remedy = this.isPython && error.code === 'ENOENT' ? '; name the interpreter as verifierOptions.python' : '';
      this.end(`could not be started with ${child.spawnfile} (${error.code ?? error.message}${remedy})`);
    });
    // After the last of its output.
    child.on('close', (code, signal) => this.end(`ended ${signal === null ? `with code ${code ?? '?'}` : `by ${signal}`}${this.lastWords()}`));
    return child;
  }

  private readLines(text: string): void {
    const lines = (this.pendingLine + text).split('\n');
    this.pendingLine = lines.pop() ?? '';
    for (const line of lines) {
      const reply = parsed(line);
      if (reply !== undefined) this.onReply?.(reply);
    }
    if (this.pendingLine.length > maxLineLength) this.kill();
  }

  private lastWords(): string {
    const line = this.tail.trim().split('\n').at(-1)?.trim() ?? '';
    return line === '' ? '' : ` (${line.slice(0, 300)})`;
  }
}

function parsed(line: string): FunctionReply | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as FunctionReply) : undefined;
  } catch {
    return undefined;
  }
}
