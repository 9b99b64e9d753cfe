/**
 * The engine in a child process, as its owner sees it. A native run can neither be interrupted nor trusted never to abort its process,
 * so cancellation is asked for between runs, a missed deadline kills the child, and a death is reported with what is known of it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { WorkbenchError } from '../../core/errors.ts';
import type {
  CallOptions,
  Engine,
  EngineDescription,
  ForwardBackwardResult,
  ForwardResult,
  ForwardSequence,
  LossProgram,
  OptimStepRequest,
  OptimStepResult,
  SampleRequest,
  SampleResult,
  TrainSequence,
  WeightsName,
} from '../contract.ts';
import { engineArguments, environmentFor } from './environment.ts';
import type { EngineMethod, FromEngine, LocalEngineOptions, ToEngine, WireError } from './messages.ts';
import type { ProviderName } from './providers.ts';
import type { SelfCheckResult } from './selfCheck.ts';
import type { SpeedTrial } from './speedTrial.ts';

/** What it takes to start a child, before any model. */
export interface ChildOptions {
  /** The built entry of the child, `dist/engine.js`. */
  readonly entry: string;
  /** A call without an answer or a sign of progress for this long is given up and the child killed. */
  readonly silenceMs?: number;
}

export type EngineProcessOptions = ChildOptions & LocalEngineOptions;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((done: number) => void) | undefined;
  readonly onTokens: CallOptions['onTokens'];
  readonly method: string;
  readonly signal: AbortSignal | undefined;
  timer: NodeJS.Timeout;
  release: () => void;
}

type PlainCall<T = Omit<ToEngine, 'id'>> = T;

export class EngineProcess implements Engine {
  private readonly child: ChildProcess;
  private readonly silenceMs: number;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private stderr = '';
  private death: WorkbenchError | undefined;

  private constructor(options: ChildOptions) {
    if (!existsSync(options.entry)) {
      throw new WorkbenchError({
        code: 'engine.notBuilt',
        message: `The engine's program ${options.entry} is not there.`,
        remedy: 'Run `npm run build`.',
      });
    }
    this.silenceMs = options.silenceMs ?? 10 * 60_000;
    this.child = fork(options.entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      execArgv: engineArguments,
      env: environmentFor(process.platform, process.env),
    });
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString('utf8')).slice(-4000)));
    this.child.on('message', (message: FromEngine) => this.receive(message));
    this.child.on('error', (error) => this.die(this.diedOf(`it could not be started (${error.message})`)));
    this.child.on('close', (code, signal) =>
      this.die(this.diedOf(signal === null ? `it ended with exit code ${code ?? 'unknown'}` : `it was ended by ${signal}`)),
    );
  }

  /** Starts the child and opens the model. */
  static async open(options: EngineProcessOptions): Promise<EngineProcess> {
    const engine = new EngineProcess(options);
    const { entry: _entry, silenceMs: _silenceMs, ...open } = options;
    try {
      await engine.send({ type: 'open', options: open } as PlainCall, 'open', {});
      return engine;
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  }

  /** Checks what this machine's runtime computes on a provider (`providerCheck.ts`), in a child of its own. Throws `engine.noProvider`. */
  static async selfCheck({
    threads,
    provider = 'cpu',
    ...options
  }: ChildOptions & { readonly threads: number; readonly provider?: ProviderName }): Promise<SelfCheckResult> {
    const engine = new EngineProcess(options);
    try {
      return (await engine.send({ type: 'selfCheck', options: { threads, provider } } as PlainCall, 'selfCheck', {})) as SelfCheckResult;
    } finally {
      await engine.dispose();
    }
  }

  /** How fast a model of that size is (`speedTrial.ts`), in a child of its own. */
  static async speedTrial(options: EngineProcessOptions): Promise<SpeedTrial> {
    const engine = new EngineProcess(options);
    const { entry: _entry, silenceMs: _silenceMs, ...open } = options;
    try {
      return (await engine.send({ type: 'speedTrial', options: open } as PlainCall, 'speedTrial', {})) as SpeedTrial;
    } finally {
      await engine.dispose();
    }
  }

  /** Process id of the child, for tests and reports. */
  get pid(): number | undefined {
    return this.child.pid;
  }

  describe(): Promise<EngineDescription> {
    return this.call('describe', []);
  }
  sample(request: SampleRequest, options: CallOptions = {}): Promise<SampleResult> {
    return this.call('sample', [request], options);
  }
  forward(sequences: readonly ForwardSequence[], options: CallOptions & { readonly weights?: WeightsName } = {}): Promise<ForwardResult> {
    return this.call('forward', [sequences, options.weights ?? 'policy'], options);
  }
  forwardBackward(sequences: readonly TrainSequence[], loss: LossProgram, options: CallOptions = {}): Promise<ForwardBackwardResult> {
    return this.call('forwardBackward', [sequences, loss], options);
  }
  optimStep(request: OptimStepRequest): Promise<OptimStepResult> {
    return this.call('optimStep', [request]);
  }
  saveState(folder: string): Promise<void> {
    return this.call('saveState', [folder]);
  }
  loadState(folder: string): Promise<void> {
    return this.call('loadState', [folder]);
  }
  exportWeights(folder: string, form: 'merged' | 'adapter'): Promise<void> {
    return this.call('exportWeights', [folder, form]);
  }

  async dispose(): Promise<void> {
    this.die(closedError());
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    // Not 'close': Node never reports it for a child whose channel was closed from this side.
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    if (this.child.connected) this.child.disconnect();
    const killer = setTimeout(() => this.child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(killer);
  }

  private call<T>(method: EngineMethod, args: readonly unknown[], options: CallOptions = {}): Promise<T> {
    return this.send({ type: 'call', method, args, wantsTokens: options.onTokens !== undefined } as PlainCall, method, options) as Promise<T>;
  }

  private send(message: PlainCall, method: string, options: CallOptions): Promise<unknown> {
    if (this.death !== undefined) return Promise.reject(this.death);
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      // If the child is gone, its death answers the call.
      const abort = (): void => void this.child.send({ type: 'abort', id } satisfies ToEngine, () => undefined);
      options.signal?.addEventListener('abort', abort, { once: true });
      const release = (): void => options.signal?.removeEventListener('abort', abort);
      const { onProgress, onTokens, signal } = options;
      this.pending.set(id, { resolve, reject, onProgress, onTokens, method, signal, timer: this.watch(id), release });
      this.child.send({ ...message, id } as ToEngine, (error) => {
        if (error) this.settle(id, (pending) => pending.reject(this.death ?? this.diedOf('it cannot be reached')));
      });
    });
  }

  private watch(id: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const method = this.pending.get(id)?.method ?? 'a call';
      this.die(this.diedOf(`it gave no sign of life for ${Math.round(this.silenceMs / 1000)} s during ${method} and was ended`));
      this.child.kill('SIGKILL');
    }, this.silenceMs);
    timer.unref();
    return timer;
  }

  private receive(message: FromEngine): void {
    // Calls are served in order, so any message shows that the child lives.
    for (const [id, pending] of this.pending) {
      clearTimeout(pending.timer);
      pending.timer = this.watch(id);
    }
    if (message.type === 'progress') this.pending.get(message.id)?.onProgress?.(message.done);
    else if (message.type === 'tokens') this.pending.get(message.id)?.onTokens?.(message.tokens);
    else if (message.type === 'result') this.settle(message.id, (pending) => pending.resolve(message.value));
    else
      this.settle(message.id, ({ signal, reject }) =>
        reject(signal?.aborted === true && message.error.name === 'AbortError' ? signal.reason : fromWire(message.error)),
      );
  }

  private settle(id: number, how: (pending: Pending) => void): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    clearTimeout(pending.timer);
    pending.release();
    how(pending);
  }

  private die(death: WorkbenchError): void {
    if (this.death !== undefined) return;
    this.death = death;
    for (const id of [...this.pending.keys()]) this.settle(id, (pending) => pending.reject(death));
  }

  private diedOf(how: string): WorkbenchError {
    const said = this.stderr.trim() === '' ? '' : ` Its last words: ${this.stderr.trim().split('\n').slice(-3).join(' | ')}.`;
    return new WorkbenchError({
      code: 'engine.died',
      message: `The engine process is gone: ${how}.${said}`,
      remedy:
        'The run can be resumed from its last checkpoint. If it dies again, it may be out of memory: lower training.microBatchTokens or turn on training.layerCheckpointing.',
    });
  }
}

function closedError(): WorkbenchError {
  return new WorkbenchError({ code: 'engine.closed', message: 'The engine was closed.', remedy: 'Open another.' });
}

function fromWire(error: WireError): Error {
  if (error.code !== undefined) {
    const remedy = error.remedy ?? '';
    const message = remedy !== '' && error.message.endsWith(remedy) ? error.message.slice(0, -remedy.length).trim() : error.message;
    return new WorkbenchError({ code: error.code, message, remedy });
  }
  const rebuilt = new Error(error.message);
  rebuilt.name = error.name;
  if (error.stack !== undefined) rebuilt.stack = error.stack;
  return rebuilt;
}
