/**
 * Requests to a hub: followed through redirects with the token given to the hub alone, given up when nothing comes, and made again
 * with growing pauses where that may help.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { outgoingFetch } from '../net/outgoingFetch.ts';
import { retryAfterSeconds } from '../net/retryAfter.ts';
import { isPassing, refusal, unreachable } from './hubErrors.ts';
import type { HubSettings } from './hubSettings.ts';

/** How patient requests are. */
export interface Pace {
  /** Tries in a row without a byte of progress. */
  readonly attempts: number;
  /** Pause after the first failure; it doubles up to `longestDelayMs`, which also bounds what a server may ask for. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A connection on which nothing comes for this long is given up. */
  readonly silenceMs: number;
}

export const usualPace: Pace = { attempts: 6, firstDelayMs: 1000, longestDelayMs: 30_000, silenceMs: 30_000 };

/** Who asks, how patiently, and until when. */
export interface HubAccess {
  readonly settings: HubSettings;
  readonly signal: AbortSignal;
  readonly pace: Pace;
}

export interface Asked {
  readonly url: string;
  /** For messages: what is asked for, and the repository's page. */
  readonly what: string;
  readonly page: string;
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  /** Stop at the first redirect that leads away from the hub and give back that answer. */
  readonly stayOnHub?: boolean;
  /** Statuses that the caller handles besides success. */
  readonly accept?: readonly number[];
}

/** An answer whose body, if read, is to be read through `consume`; `end` must be called. */
export interface Answer {
  readonly response: Response;
  /** To be called when bytes came: the time without any begins anew. */
  touch(): void;
  end(): void;
}

const mostRedirects = 8;

/** Answers with success or an accepted status. Throws `hub.…`, or an `AbortError` when the signal ends it. */
export async function ask(asked: Asked, access: HubAccess): Promise<Answer> {
  return retried(access, () => askOnce(asked, access));
}

/** The whole body as JSON, asked for again when the connection breaks in it. */
export async function askJson(asked: Asked, access: HubAccess): Promise<unknown> {
  return retried(access, async () => {
    const { response, end } = await askOnce(asked, access);
    try {
      const text = await response.text();
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new WorkbenchError({
          code: 'hub.answer',
          message: `${asked.what}: the answer of ${new URL(asked.url).host} is no JSON (${messageOf(cause)}).`,
          remedy: 'Check HF_ENDPOINT, and whether a proxy answers in its place.',
          cause,
        });
      }
    } catch (error) {
      throw broken(asked, access, error);
    } finally {
      end();
    }
  });
}

/**
 * Tries again after what may pass, with growing pauses; `attempt` throws `Passing` for that. Patience begins anew whenever `progress`
 * has grown.
 */
export async function retried<T>({ signal, pace }: HubAccess, attempt: () => Promise<T>, progress: () => number = () => 0): Promise<T> {
  let reached = progress();
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      failures = progress() > reached ? 1 : failures + 1;
      reached = progress();
      if (failures >= pace.attempts) throw error.final;
      const delay = error.delayMs ?? pace.firstDelayMs * 2 ** (failures - 1);
      await sleep(Math.min(delay, pace.longestDelayMs), undefined, { signal });
    }
  }
}

/** A failure that may pass; `final` is what people are told when it does not. */
export class Passing extends Error {
  readonly final: WorkbenchError;
  readonly delayMs: number | undefined;

  constructor(final: WorkbenchError, delayMs?: number) {
    super(final.message);
    this.final = final;
    this.delayMs = delayMs;
  }
}

/** A connection that broke may be made again; anything else is as it is. */
export function broken({ url, what }: Asked, { signal }: HubAccess, error: unknown): unknown {
  if (signal.aborted || error instanceof WorkbenchError || error instanceof Passing) return error;
  return new Passing(unreachable(new URL(url).host, what, reasonOf(error), error));
}

export async function askOnce(asked: Asked, access: HubAccess): Promise<Answer> {
  const { settings, signal, pace } = access;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing came for ${pace.silenceMs / 1000} s`)), pace.silenceMs);
  const answered = { touch: () => void timer.refresh(), end: () => clearTimeout(timer) };
  try {
    let url = new URL(asked.url);
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const isHub = url.origin === new URL(settings.endpoint).origin;
      const response = await outgoingFetch(url, {
        method: asked.method ?? 'GET',
        redirect: 'manual',
        signal: AbortSignal.any([signal, silence.signal]),
        headers: {
          // Compressed answers have neither the size nor the ranges of the file.
          'accept-encoding': 'identity',
          'user-agent': 'critique-grpo-workbench',
          ...asked.headers,
          ...(isHub && settings.token !== null ? { authorization: `Bearer ${settings.token}` } : {}),
        },
      });
      const next = redirectOf(response, url);
      if (next === null || (asked.stayOnHub === true && next.origin !== url.origin))
        return { response: await accepted(response, asked, access), ...answered };
      await response.body?.cancel();
      if (url.protocol === 'https:' && next.protocol !== 'https:') throw badAnswer(asked, `it leads from ${url.host} to an unprotected address`);
      url = next;
    }
    throw badAnswer(asked, `it is redirected more than ${mostRedirects} times`);
  } catch (error) {
    answered.end();
    throw broken(asked, access, error);
  }
}

async function accepted(response: Response, { what, page, accept = [], stayOnHub = false }: Asked, { settings, pace }: HubAccess): Promise<Response> {
  const { status } = response;
  if (response.ok || accept.includes(status) || (stayOnHub && isRedirect(status))) return response;
  await response.body?.cancel();
  const error = refusal(response, what, page, settings.token !== null);
  if (!isPassing(status)) throw error;
  const seconds = retryAfterSeconds(response.headers);
  throw new Passing(error, seconds === undefined ? undefined : Math.min(seconds * 1000, pace.longestDelayMs));
}

function redirectOf(response: Response, from: URL): URL | null {
  const location = response.headers.get('location');
  if (!isRedirect(response.status) || location === null || !URL.canParse(location, from.href)) return null;
  const next = new URL(location, from.href);
  return ['http:', 'https:'].includes(next.protocol) ? next : null;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function badAnswer({ what }: Asked, problem: string): WorkbenchError {
  return new WorkbenchError({ code: 'hub.answer', message: `${what} cannot be had: ${problem}.`, remedy: 'Check HF_ENDPOINT.' });
}

/** fetch says "fetch failed" and gives the reason as its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}
