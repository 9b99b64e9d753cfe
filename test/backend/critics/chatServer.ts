/** A real chat server on loopback that behaves as it is told to, request by request. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: { readonly model: string; readonly messages: readonly { readonly role: string; readonly content: string }[] } & Record<
    string,
    unknown
  >;
}

/** Answers one request; `nth` counts from 0. */
export type Behavior = (response: ServerResponse, asked: Asked, nth: number) => void | Promise<void>;

export interface ChatServer {
  readonly baseUrl: string;
  readonly asked: readonly Asked[];
  /** The most requests that were under way at a time. */
  readonly mostAtOnce: number;
}

export async function chatServer(behavior: Behavior): Promise<ChatServer> {
  const asked: Asked[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      mostAtOnce = Math.max(mostAtOnce, ++underWay);
      response.on('close', () => underWay--);
      const one = { path: request.url ?? '', headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString() || '{}') as Asked['body'] };
      asked.push(one);
      void behavior(response, one, asked.length - 1);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
}

export const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

export function says(content: unknown, { finish = 'stop', ...rest }: { finish?: string; usage?: unknown } = { usage }): Behavior {
  return (response) =>
    json(response, 200, {
      id: 'x',
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: finish }],
      ...rest,
    });
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Each request by the next behavior, the last one from then on. */
export function inTurn(...behaviors: readonly Behavior[]): Behavior {
  return (response, asked, nth) => behaviors[Math.min(nth, behaviors.length - 1)]?.(response, asked, nth);
}

export const disasters: Readonly<Record<string, Behavior>> = {
  'nonsense JSON': (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices": [{"mess'),
  HTML: (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>'),
  'another JSON': (response) => json(response, 200, { error: null, choices: 'none' }),
  'a null': (response) => json(response, 200, null),
  'an empty content': says(''),
  'a null content': says(null),
  'half an answer': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"choices": [');
    setTimeout(() => response.destroy(), 5);
  },
  'a closed connection': (response) => void response.destroy(),
  'a 500': (response) => json(response, 500, { error: { message: 'out of order' } }),
  'a 503 in HTML': (response) => void response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>503</h1>'),
  'a 429': (response) => json(response, 429, { error: { message: 'slow down' } }, { 'retry-after': '0' }),
};
