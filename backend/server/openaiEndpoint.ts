/**
 * The policy at an OpenAI-compatible endpoint: `GET /v1/models`, `POST /v1/chat/completions`, `POST /v1/completions`. Who may ask is decided at
 * the door (`socket.ts`, `openaiServer.ts`).
 */
import { randomInt, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import type { Message } from '../protocol/records.ts';
import type { Policy } from '../training/policy.ts';
import { AnswerStream, chatForm, completionForm, wholeAnswer, type AnswerForm, type AnswerOptions } from './openaiAnswers.ts';
import { chatRequestSchema, completionRequestSchema, type ChatRequest, type CompletionRequest } from './openaiRequests.ts';
import { completeAll, type Completed, type Sampling } from './openaiSampling.ts';

export interface ServedModel {
  readonly id: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** The policies that can be asked. */
export interface ServedModels {
  list(): readonly ServedModel[];
  /** Work on that policy in its turn: between two steps while it trains. Throws `model.missing`, `policy.busy`. */
  ask<T>(model: string, signal: AbortSignal, work: (policy: Policy) => Promise<T>): Promise<T>;
}

export interface OpenaiEndpoint {
  /** Always answers; never throws. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Requests under way. */
  readonly active: number;
}

const maxBodyBytes = 4 * 2 ** 20;
/** Long waits (a step takes its time) are no silence: proxies and clients end what says nothing. */
const heartbeatMs = 10_000;

export function openaiEndpoint(models: ServedModels, onUnexpected: (error: unknown) => void): OpenaiEndpoint {
  let active = 0;
  return {
    get active() {
      return active;
    },
    async serve(request, response) {
      active += 1;
      const controller = new AbortController();
      response.on('close', () => controller.abort());
      response.on('error', () => controller.abort());
      try {
        await route(models, request, response, controller.signal);
      } catch (error) {
        const known = refusalOf(error);
        if (known === undefined && !controller.signal.aborted) onUnexpected(error);
        refuse(response, known ?? new Refusal(500, 'internal.error', 'The backend met a problem that it did not expect.'));
      } finally {
        active -= 1;
      }
    },
  };
}

async function route(models: ServedModels, request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const asked = `${request.method ?? ''} ${path}`;
  if (asked === 'GET /v1/models') {
    send(response, 200, { object: 'list', data: models.list().map(modelView) });
  } else if (asked.startsWith('GET /v1/models/')) {
    const id = decoded(path.slice('/v1/models/'.length));
    const model = models.list().find((known) => known.id === id);
    if (model === undefined) throw new Refusal(404, 'model.missing', `There is no model "${id}".`);
    send(response, 200, modelView(model));
  } else if (asked === 'POST /v1/chat/completions') {
    await answerChat(models, parse(chatRequestSchema, await readBody(request)), response, signal);
  } else if (asked === 'POST /v1/completions') {
    await answerCompletion(models, parse(completionRequestSchema, await readBody(request)), response, signal);
  } else {
    throw new Refusal(404, 'request.unknown', `There is no ${asked}.`);
  }
}

async function answerChat(models: ServedModels, request: ChatRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const messages = request.messages.map(({ role, content }): Message => ({
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  }));
  const prompts = ({ tokenizer }: Policy): number[][] => [tokenizer.encodeConversation(messages, 'answer')];
  const sampling = samplingOf(request, request.max_completion_tokens ?? request.max_tokens);
  await answer(models, { request, prompts, sampling, form: chatForm, withLogprobs: request.logprobs === true }, response, signal);
}

async function answerCompletion(models: ServedModels, request: CompletionRequest, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { prompt } = request;
  const given = typeof prompt === 'string' || typeof prompt[0] === 'number' ? [prompt as string | number[]] : (prompt as (string | number[])[]);
  const prompts = ({ tokenizer }: Policy): number[][] => given.map((one) => tokensOf(one, tokenizer));
  const withLogprobs = typeof request.logprobs === 'number';
  const sampling = samplingOf(request, request.max_tokens ?? 16);
  await answer(models, { request, prompts, sampling, form: completionForm, withLogprobs }, response, signal);
}

/** A model without a token that begins a text has nothing to continue where the prompt is empty. */
function tokensOf(prompt: string | number[], tokenizer: Policy['tokenizer']): number[] {
  const tokens = typeof prompt === 'string' ? tokenizer.encodeText(prompt) : prompt;
  if (tokens.length === 0) throw new Refusal(400, 'request.invalid', 'The prompt is empty.');
  const stranger = tokens.find((token) => token >= tokenizer.vocabularySize);
  if (stranger === undefined) return tokens;
  throw new Refusal(400, 'request.invalid', `There is no token ${stranger}; the vocabulary has ${tokenizer.vocabularySize}.`);
}

interface Asked {
  readonly request: Pick<ChatRequest, 'model' | 'stream' | 'stream_options'>;
  readonly prompts: (policy: Policy) => number[][];
  readonly sampling: Sampling;
  readonly form: AnswerForm;
  readonly withLogprobs: boolean;
}

async function answer(models: ServedModels, asked: Asked, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { form, sampling } = asked;
  const { model, stream, stream_options: streamOptions } = asked.request;
  const options: AnswerOptions = { withLogprobs: asked.withLogprobs, withUsage: streamOptions?.include_usage === true };
  const head = { id: `${form.prefix}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  if (!models.list().some(({ id }) => id === model)) throw new Refusal(404, 'model.missing', `There is no model "${model}".`);
  const complete = (chunks?: AnswerStream): Promise<Completed> =>
    models.ask(model, signal, (policy) => completeAll(policy, asked.prompts(policy), sampling, chunks?.listener()));
  if (stream !== true) {
    send(response, 200, wholeAnswer(form, head, await complete(), options));
    return;
  }
  // What is refused at once is refused with its status; what takes longer has begun by then, and says so as an event.
  const write = (text: string): void => {
    if (!response.headersSent) openStream(response);
    response.write(text);
  };
  const heartbeat = setInterval(() => write(': still there\n\n'), heartbeatMs);
  try {
    const chunks = new AnswerStream(form, head, options, (chunk) => write(`data: ${JSON.stringify(chunk)}\n\n`));
    chunks.end(await complete(chunks));
    response.end('data: [DONE]\n\n');
  } finally {
    clearInterval(heartbeat);
  }
}

function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
}

function samplingOf(request: Pick<ChatRequest, 'n' | 'temperature' | 'top_p' | 'seed' | 'stop'>, maxTokens: number | null | undefined): Sampling {
  const { n, temperature, top_p: topP, seed, stop } = request;
  return {
    n: n ?? 1,
    maxTokens: maxTokens ?? null,
    temperature: temperature ?? 1,
    topP: topP ?? 1,
    seed: seed ?? randomInt(2 ** 32),
    stop: typeof stop === 'string' ? [stop] : (stop ?? []),
  };
}

function modelView({ id, createdAt }: ServedModel): object {
  return { id, object: 'model', created: Math.floor(createdAt / 1000), owned_by: 'critique-grpo' };
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) throw new Refusal(413, 'request.tooLarge', `The request is longer than ${maxBodyBytes} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new Refusal(400, 'request.invalid', `The request is no JSON: ${messageOf(error)}.`);
  }
}

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.length === 0 ? 'the request' : path.join('.')}: ${message}`);
  throw new Refusal(400, 'request.invalid', problems.join('; '));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An answer that is none, with its HTTP status. */
class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const statuses: Readonly<Record<string, number>> = {
  'model.missing': 404,
  'run.missing': 404,
  'checkpoint.missing': 404,
  'workspace.untrusted': 403,
  'policy.busy': 503,
  'backend.closing': 503,
  'run.stopped': 503,
  'store.locked': 503,
};

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  return error instanceof WorkbenchError
    ? new Refusal(statuses[error.code] ?? (/^(?:prompt|chatTemplate|tokenizer)\./.test(error.code) ? 400 : 500), error.code, error.message)
    : undefined;
}

function refuse(response: ServerResponse, { status, code, message }: Refusal): void {
  if (response.destroyed || response.writableEnded) return;
  const error = { error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', code, param: null } };
  if (response.headersSent) response.end(`data: ${JSON.stringify(error)}\n\n`);
  else send(response, status, error, status === 503 ? { 'retry-after': '5' } : {});
}

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  // The rest of a body that was not read would be taken for the next request.
  const closing = status === 413 ? { connection: 'close' } : {};
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers, ...closing }).end(JSON.stringify(body));
}
