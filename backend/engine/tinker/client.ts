/**
 * The Tinker protocol: a session that is kept alive, operations that are submitted and whose results are asked for. Operations that change
 * the server's weights are never sent twice; if their fate is unknown the error is `engine.died`, and the trainer goes back to its checkpoint.
 */
import type { z } from 'zod';
import type { WorkbenchError } from '../../core/errors.ts';
import { lostError, nonsenseError, refusedError, unreachableError } from './errors.ts';
import { pauseFor, StatusError, TinkerHttp, type HttpOptions } from './http.ts';
import { failedReply, sessionReply, submittedReply, tryAgainReply } from './wire.ts';

export interface ClientOptions extends HttpOptions {
  /** Longest wait for the result of one operation. */
  readonly resultMs: number;
  /** Between two signs of life; servers unload the models of a session that gives none for minutes. */
  readonly heartbeatMs: number;
}

export const usualTimes = {
  patienceMs: 120_000,
  answerMs: 240_000,
  backoffMs: 500,
  resultMs: 3_600_000,
  heartbeatMs: 10_000,
} as const satisfies Partial<ClientOptions>;

export interface Operation<T> {
  readonly path: string;
  /** Of each attempt. */
  readonly body: (attempt: number) => Record<string, unknown>;
  readonly result: z.ZodType<T>;
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What servers say when the weights are gone: after a restart, or when the session had ended. */
const lostWords = /model .{0,80}not (?:loaded|found)|(?:future|session|sampling session|request) .{0,80}(?:not found|expired)/i;

export class TinkerClient {
  readonly sessionId: string;
  private readonly http: TinkerHttp;
  private readonly options: ClientOptions;
  private readonly heartbeat: NodeJS.Timeout;
  private sequence = 0;

  private constructor(http: TinkerHttp, options: ClientOptions, sessionId: string) {
    this.http = http;
    this.options = options;
    this.sessionId = sessionId;
    const beat = { path: 'session_heartbeat', body: () => ({ session_id: sessionId, type: 'session_heartbeat' }), isRepeatable: true };
    // One that fails is made up for by the next; a session that is gone is told by the next operation.
    this.heartbeat = setInterval(() => void http.json(beat).catch(() => undefined), options.heartbeatMs);
    this.heartbeat.unref();
  }

  /** Throws `engine.…`. */
  static async open(options: ClientOptions, signal?: AbortSignal): Promise<TinkerClient> {
    const http = new TinkerHttp(options);
    const body = { tags: ['critique-grpo'], user_metadata: null, sdk_version: '0.38.0', type: 'create_session' };
    const reply = await ask(http, { path: 'create_session', body: () => body, result: sessionReply, isRepeatable: true, signal });
    return new TinkerClient(http, options, reply.session_id);
  }

  get server(): string {
    return this.http.server;
  }

  /** Numbers operations in the order in which they are made: servers that know them take each once. */
  next(): number {
    return this.sequence++;
  }

  get<T>(path: string, result: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    return ask(this.http, { path, result, isRepeatable: true, signal });
  }

  download(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.http.download(path, signal);
  }

  /** An answer that comes at once. */
  post<T>(operation: Operation<T>): Promise<T> {
    return ask(this.http, operation);
  }

  /** Submits an operation and waits for its result. */
  async run<T>(operation: Operation<T>): Promise<T> {
    const { request_id } = await ask(this.http, { ...operation, result: submittedReply });
    return this.result(operation, request_id);
  }

  async result<T>({ path, result, signal }: Pick<Operation<T>, 'path' | 'result' | 'signal'>, requestId: string): Promise<T> {
    const { server } = this.http;
    const deadline = performance.now() + this.options.resultMs;
    for (;;) {
      const value = await this.retrieve(path, requestId, signal);
      if (value !== null && !tryAgainReply.safeParse(value).success) {
        const failed = failedReply.safeParse(value);
        if (failed.success) throw failure(server, path, failed.data.error);
        return read(server, path, result, value);
      }
      if (performance.now() > deadline) throw unreachableError(server, path, 'no result came', this.options.resultMs / 1000);
      // Most servers hold the question until there is a result; those that do not must not be asked without end.
      await pauseFor(this.options.backoffMs, signal);
    }
  }

  close(): void {
    clearInterval(this.heartbeat);
  }

  private async retrieve(path: string, requestId: string, signal: AbortSignal | undefined): Promise<unknown> {
    try {
      return await this.http.json({ path: 'retrieve_future', body: () => ({ request_id: requestId }), isRepeatable: true, signal });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      // A server that has forgotten the question has forgotten the model with it.
      throw error.status === 404 ? lostError(this.http.server, path, error.why) : failure(this.http.server, path, error.why);
    }
  }
}

async function ask<T>(http: TinkerHttp, request: Omit<Operation<T>, 'body'> & { readonly body?: Operation<T>['body'] }): Promise<T> {
  const { path, body, result, isRepeatable, signal } = request;
  try {
    const value = await http.json({ path, ...(body === undefined ? {} : { body }), isRepeatable, signal });
    return read(http.server, path, result, value);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.status === 404 && /^\W*not found\W*$/i.test(error.why)) throw nonsenseError(http.server, path, 'there is no such address');
    throw failure(http.server, path, error.why);
  }
}

function failure(server: string, call: string, why: string): WorkbenchError {
  return lostWords.test(why) ? lostError(server, call, why) : refusedError(server, call, why);
}

function read<T>(server: string, call: string, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw nonsenseError(server, call, `${issue?.path.join('.') || 'the answer'}: ${issue?.message ?? 'unreadable'}`);
}
