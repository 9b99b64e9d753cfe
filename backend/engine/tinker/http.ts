/** Single requests to a Tinker server: retried while that can do no harm, within limits of time and size, and never on to another server with the key. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, WorkbenchError } from '../../core/errors.ts';
import { outgoingFetch } from '../../net/outgoingFetch.ts';
import { retryAfterSeconds } from '../../net/retryAfter.ts';
import { isThisMachine } from '../../net/thisMachine.ts';
import { keyError, lostError, nonsenseError, refusedError, unreachableError } from './errors.ts';

export interface HttpOptions {
  readonly baseUrl: string;
  readonly key: string | undefined;
  /** How long failures in a row are borne. */
  readonly patienceMs: number;
  /** Longest wait for one answer. Servers hold a question for a result up to 300 s. */
  readonly answerMs: number;
  /** First pause after a failure; it doubles up to 30 s. */
  readonly backoffMs: number;
}

export interface Ask {
  readonly path: string;
  /** A body is posted; without one it is a GET. Made anew for each attempt, so that names can be. */
  readonly body?: (attempt: number) => unknown;
  /** Doing it twice changes nothing. What is not repeatable is sent again only where the server has certainly not taken it. */
  readonly isRepeatable: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** No answer is longer: logprobs of some millions of tokens. */
const maxReplyBytes = 512 * 2 ** 20;
const longestPauseMs = 30_000;
/** Causes of `fetch failed` where nothing has been sent. */
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

export class TinkerHttp {
  readonly server: string;
  private readonly options: HttpOptions;
  private readonly root: string;

  /** Throws `engine.insecureServer` or `engine.keyInAddress`. */
  constructor(options: HttpOptions) {
    const url = new URL(options.baseUrl);
    this.server = url.origin;
    this.options = options;
    this.root = `${url.origin}${url.pathname.replace(/\/+$/, '')}/api/v1/`;
    requireSafeAddress(url);
  }

  /** The JSON of an answer with status 2xx or 408 (null: not done yet). Throws `engine.…`, or the signal's reason. */
  async json({ path, body, isRepeatable, signal }: Ask): Promise<unknown> {
    const call = path.split('/').at(-1) ?? path;
    const start = performance.now();
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const outcome = await this.once(path, call, body?.(attempt), signal);
      if (outcome.kind === 'answer') return outcome.value;
      signal?.throwIfAborted();
      const seconds = (performance.now() - start) / 1000;
      if (outcome.kind === 'unsure' && !isRepeatable) throw lostError(this.server, call, `${outcome.why}, so that nobody knows whether it was done`);
      if (seconds * 1000 >= this.options.patienceMs) throw unreachableError(this.server, call, outcome.why, seconds);
      const pause = Math.min(longestPauseMs, this.options.backoffMs * 2 ** attempt);
      await pauseFor(Math.max(pause * (0.75 + 0.25 * Math.random()), outcome.retryAfterMs), signal);
    }
  }

  /** The bytes behind a path that may lead on to another address, which does not get the key. Throws `engine.…`. */
  async download(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const call = path.split('/').at(-1) ?? path;
    let url = new URL(this.root + path);
    for (let hop = 0; hop < 4; hop++) {
      const response = await this.fetch(url, 'GET', undefined, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        throw unreachableError(this.server, call, causeOf(error), this.options.answerMs / 1000);
      });
      const location = response.headers.get('location');
      if (response.status >= 300 && response.status < 400 && location !== null && URL.canParse(location, url.href)) {
        await response.body?.cancel();
        url = new URL(location, url);
        requireSafeAddress(url);
        continue;
      }
      if (response.ok) return readAll(response, maxReplyBytes);
      throw refusedError(this.server, call, detailOf(await readText(response), response.status));
    }
    throw nonsenseError(this.server, call, 'it leads from address to address');
  }

  private async once(path: string, call: string, body: unknown, signal: AbortSignal | undefined): Promise<Outcome> {
    let response: Response;
    let text: string;
    try {
      response = await this.fetch(new URL(this.root + path), body === undefined ? 'GET' : 'POST', body, signal);
      text = await readText(response);
    } catch (error) {
      if (error instanceof WorkbenchError) throw error;
      const kind = notSent.has(codeOf(error)) ? 'notTaken' : 'unsure';
      return { kind, why: causeOf(error), retryAfterMs: 0 };
    }
    const { status } = response;
    if (status === 408) return { kind: 'answer', value: null };
    if (response.ok) return { kind: 'answer', value: this.parse(call, text) };
    const why = detailOf(text, status);
    if ([425, 429, 503].includes(status)) return { kind: 'notTaken', why, retryAfterMs: retryAfter(response) };
    if (status >= 500) return { kind: 'unsure', why, retryAfterMs: retryAfter(response) };
    if (status === 401 || status === 403) throw keyError(this.server, call, status, this.options.key !== undefined);
    throw new StatusError(status, why, this.server, call);
  }

  private fetch(url: URL, method: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
    const { key, answerMs } = this.options;
    const timeout = AbortSignal.timeout(answerMs);
    return outgoingFetch(url, {
      method,
      // A redirect would take the key along.
      redirect: 'manual',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(key === undefined || url.origin !== this.server ? {} : { 'x-api-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  }

  private parse(call: string, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw nonsenseError(this.server, call, `no JSON but "${text.slice(0, 80)}"`);
    }
  }
}

/** Throws the signal's reason if it is aborted meanwhile. */
export async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/** An answer that asking again does not change. */
export class StatusError extends Error {
  readonly status: number;
  readonly why: string;

  constructor(status: number, why: string, server: string, call: string) {
    super(`${server} answered ${call} with status ${status}: ${why}`);
    this.status = status;
    this.why = why;
  }
}

type Outcome =
  | { readonly kind: 'answer'; readonly value: unknown }
  /** `notTaken`: the server has certainly not begun with it. */
  | { readonly kind: 'notTaken' | 'unsure'; readonly why: string; readonly retryAfterMs: number };

function requireSafeAddress(url: URL): void {
  if (url.protocol !== 'https:' && !isThisMachine(url)) {
    throw new WorkbenchError({
      code: 'engine.insecureServer',
      message: `The Tinker server ${url.origin} is on another machine and not encrypted: key and texts would be readable on the way.`,
      remedy: `Give engine.tinker.baseUrl an https address, or forward a port of this machine to it: ssh -L 8000:127.0.0.1:${url.port || '80'} ${url.hostname}.`,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new WorkbenchError({
      code: 'engine.keyInAddress',
      message: `The Tinker server ${url.origin} has a user name or password in its address, which would be kept with the run.`,
      remedy: 'Take it out of engine.tinker.baseUrl; the key belongs in the environment variable TINKER_API_KEY.',
    });
  }
}

async function readText(response: Response): Promise<string> {
  return new TextDecoder().decode(await readAll(response, maxReplyBytes));
}

async function readAll(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > limit) throw nonsenseError(new URL(response.url).origin, 'a request', `an answer of more than ${limit} bytes`);
  }
  return Buffer.concat(parts);
}

/** FastAPI puts what is wrong under `detail`. */
function detailOf(text: string, status: number): string {
  try {
    const { detail, error } = JSON.parse(text) as { detail?: unknown; error?: unknown };
    const said = detail ?? error;
    if (said !== undefined) return typeof said === 'string' ? said : JSON.stringify(said);
  } catch {
    // Said as it came.
  }
  return `status ${status}${text.trim() === '' ? '' : `, ${text.slice(0, 200)}`}`;
}

/** In milliseconds, within reason. */
function retryAfter({ headers }: Response): number {
  return Math.min(60_000, 1000 * (retryAfterSeconds(headers) ?? 0));
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? cause.code : '';
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? messageOf(error.cause) : messageOf(error);
}
