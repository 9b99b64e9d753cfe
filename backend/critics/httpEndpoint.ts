/** Any OpenAI-compatible server as an endpoint. The package is loaded when the first request is made. */
import type { OpenAI as Client } from 'openai';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { outgoingFetch } from '../net/outgoingFetch.ts';
import { retryAfterSeconds } from '../net/retryAfter.ts';
import { isThisMachine } from '../net/thisMachine.ts';
import { EndpointError, type Endpoint, type EndpointReply } from './endpoint.ts';

export interface HttpEndpointOptions {
  readonly baseUrl: string;
  readonly model: string;
  /** Asked at each request, so that a key may come later; undefined for servers that want none. */
  readonly key: () => string | undefined;
}

/** No critique is longer; what is, is no answer. */
const maxReplyBytes = 8 * 2 ** 20;

export interface HttpEndpoint extends Endpoint {
  /** Names of the models that the server says it has. Throws `EndpointError`, or the signal's reason. */
  models(signal: AbortSignal): Promise<string[]>;
}

/** Throws `critic.insecureEndpoint` for a server elsewhere that is not spoken to over TLS: key and texts would be readable on the way. */
export function httpEndpoint({ baseUrl, model, key }: HttpEndpointOptions): HttpEndpoint {
  const url = new URL(baseUrl);
  if (url.protocol !== 'https:' && !isThisMachine(url)) {
    throw new WorkbenchError({
      code: 'critic.insecureEndpoint',
      message: `The critic's endpoint ${url.origin} is on another machine and not encrypted.`,
      remedy: 'Give criticOptions.baseUrl an https address, or forward a port of this machine to the server.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new WorkbenchError({
      code: 'critic.keyInAddress',
      message: `The critic's endpoint ${url.origin} has a user name or password in its address, which would be kept with the run.`,
      remedy: 'Take it out of criticOptions.baseUrl; the key belongs in the variable that criticOptions.apiKeyEnvironment names.',
    });
  }
  let opened: { readonly key: string; readonly client: Promise<Client> } | undefined;
  const clientFor = (secret: string): Promise<Client> => {
    if (opened?.key !== secret) opened = { key: secret, client: open(baseUrl, secret) };
    return opened.client;
  };
  return {
    model,
    place: `${url.origin}${url.pathname}`,
    title: `${model} at ${url.origin}${url.pathname}`,
    async models(signal) {
      const secret = key() ?? '';
      try {
        const client = await clientFor(secret);
        const { data }: { data: unknown } = await client.models.list({ signal });
        if (!Array.isArray(data)) throw new EndpointError('it answered with something that is no list of models', { isPassing: true });
        return data.flatMap((model: unknown) => (isRecord(model) && typeof model['id'] === 'string' ? [model['id']] : []));
      } catch (error) {
        signal.throwIfAborted();
        throw endpointError(error, secret);
      }
    },
    async complete({ messages, temperature, topP, maxTokens, seed }, signal) {
      const secret = key() ?? '';
      try {
        const client = await clientFor(secret);
        const reply: unknown = await client.chat.completions.create(
          {
            model,
            messages: messages.map(({ role, content }) => ({ role, content })),
            temperature,
            ...(topP === null ? {} : { top_p: topP }),
            max_tokens: maxTokens,
            seed,
          },
          { signal },
        );
        return replyOf(reply);
      } catch (error) {
        signal.throwIfAborted();
        throw endpointError(error, secret);
      }
    },
  };
}

async function open(baseUrl: string, secret: string): Promise<Client> {
  const { OpenAI } = await import('openai');
  return new OpenAI({
    baseURL: baseUrl,
    // The package insists on one.
    apiKey: secret === '' ? 'none' : secret,
    // Nothing of the environment that the run file does not name.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    // Retries, deadlines and the log are ours.
    maxRetries: 0,
    timeout: 24 * 3_600_000,
    logLevel: 'off',
    fetch: async (input, init) => bounded(await outgoingFetch(input instanceof Request ? input.url : input, { ...init, redirect: 'error' })),
  });
}

/** The same response, which fails where it goes on for too long. */
function bounded(response: Response): Response {
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxReplyBytes) controller.error(new EndpointError('the answer is longer than 8 MB', { isPassing: false }));
      else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body === null ? null : response.body.pipeThrough(counter), { status, statusText, headers });
}

/** Servers are not trusted to answer in the form of their documentation. */
function replyOf(reply: unknown): EndpointReply {
  const { choices, usage } = isRecord(reply) ? reply : {};
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isRecord(choice) ? choice['message'] : undefined;
  const content = isRecord(message) ? message['content'] : undefined;
  const used = { promptTokens: countIn(usage, 'prompt_tokens'), completionTokens: countIn(usage, 'completion_tokens') };
  // Models that think until their limit, say, leave nothing to read: what was counted is billed all the same.
  if (typeof content !== 'string') {
    const isBilled = used.promptTokens !== null || used.completionTokens !== null;
    throw new EndpointError('it answered with something that is no chat completion', { isPassing: true, ...(isBilled ? { used } : {}) });
  }
  const isCutOff = isRecord(choice) && choice['finish_reason'] === 'length';
  if (content.trim() === '') throw new EndpointError('it answered with an empty text', { isPassing: !isCutOff, used });
  return { text: content, isCutOff, ...used };
}

function countIn(usage: unknown, name: string): number | null {
  const count = isRecord(usage) ? usage[name] : undefined;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

function endpointError(error: unknown, secret: string): EndpointError {
  if (error instanceof EndpointError) return error;
  const status = isRecord(error) && typeof error['status'] === 'number' ? error['status'] : undefined;
  const reason = tellable(deepest(error), secret);
  if (status === undefined) return new EndpointError(reason, { isPassing: true });
  const isPassing = status === 408 || status === 409 || status === 425 || status === 429 || status >= 500;
  const headers = isRecord(error) && error['headers'] instanceof Headers ? error['headers'] : undefined;
  return new EndpointError(reason, { isPassing, retryAfter: retryAfterSeconds(headers) });
}

/** Connection errors say "Connection error." and keep what happened in their causes. */
function deepest(error: unknown): string {
  let last = messageOf(error);
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) if (at.message !== '') last = at.message;
  return last;
}

/** What a server says may repeat the key, run on for pages, or draw on the terminal. */
function tellable(text: string, secret: string): string {
  const without = secret === '' ? text : text.replaceAll(secret, '***');
  const line = without.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line.replace(/\.$/, '');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
