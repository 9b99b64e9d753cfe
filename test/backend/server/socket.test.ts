/** The door: who is let in, and what ends a connection without ending the backend. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ClientOptions, WebSocket } from 'ws';
import { maxMessageBytes, protocolVersion } from '../../../backend/protocol/methods.ts';
import { openSocket } from './rpcClient.ts';
import { startTestBackend, type TestBackend } from './testBackend.ts';

/** The HTTP status of a refused upgrade. */
async function refusal(backend: TestBackend, token: string, options: ClientOptions = {}, path?: string): Promise<{ status: number; body: string }> {
  const socket = openSocket({ port: backend.port, token }, options, path);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  socket.on('error', () => undefined);
  socket.terminate();
  return { status: response.statusCode ?? 0, body };
}

describe('the door', () => {
  it.each([
    ['a wrong token', 'x'.repeat(43), {}, undefined, 401],
    ['a beginning of the token', 'begin', {}, undefined, 401],
    ['an empty token', '', {}, undefined, 401],
    ['an Origin, though the token is right', 'right', { headers: { origin: 'https://example.com' } }, undefined, 403],
    ['the Origin of this machine', 'right', { origin: 'http://127.0.0.1' }, undefined, 403],
    ['the Origin null', 'right', { headers: { origin: 'null' } }, undefined, 403],
    ['another path', 'right', {}, '/', 400],
    ['a query', 'right', {}, '/rpc?token=1', 400],
  ] as const)('refuses %s', async (_, token, options, path, status) => {
    const backend = await startTestBackend();
    const given = token === 'right' ? backend.token : token === 'begin' ? backend.token.slice(0, 20) : token;
    expect(await refusal(backend, given, options, path)).toEqual({ status, body: '' });
  });

  it('refuses a missing token and a token of another scheme', async () => {
    const backend = await startTestBackend();
    for (const authorization of ['', `Basic ${backend.token}`, backend.token, `bearer ${backend.token}`]) {
      expect((await refusal(backend, '', { headers: { authorization } })).status).toBe(401);
    }
  });

  it('answers plain HTTP and garbage without detail, and goes on', async () => {
    const backend = await startTestBackend();
    const response = await fetch(`http://127.0.0.1:${backend.port}/rpc`);
    expect([response.status, await response.text()]).toEqual([401, '']);
    const stream = connect(backend.port, '127.0.0.1');
    stream.on('error', () => undefined);
    stream.resume();
    stream.end('\u0000\u0001 garbage\r\n\r\n');
    await once(stream, 'close');
    await expect(backend.connect()).resolves.toBeDefined();
  });

  it('offers no compression', async () => {
    const backend = await startTestBackend();
    const socket = openSocket(backend, { perMessageDeflate: true });
    await once(socket, 'open');
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  it('listens on the loopback interface only', async () => {
    const backend = await startTestBackend();
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    if (outside === undefined) return;
    const stream = connect(backend.port, outside.address);
    const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});

describe('a connection', () => {
  /** The close code that sending something comes to, while another client stays connected. */
  async function closeCodeAfter(send: (socket: WebSocket) => void): Promise<number> {
    const backend = await startTestBackend();
    const bystander = await backend.connect();
    const socket = openSocket(backend);
    onTestFinished(() => socket.terminate());
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion, client: 'test' } }));
    await once(socket, 'message');
    send(socket);
    const [code] = (await once(socket, 'close')) as [number];
    await expect(bystander.ask('run/list', {})).resolves.toEqual([]);
    return code;
  }

  it.each([
    ['malformed JSON', '{"jsonrpc":"2.0","id":1', 1007],
    ['JSON that is no object', '42', 1007],
    ['null', 'null', 1007],
    ['a batch', '[{"jsonrpc":"2.0","id":2,"method":"run/list"}]', 1007],
    ['another version of JSON-RPC', '{"id":2,"method":"run/list"}', 1007],
    ['neither request nor response', '{"jsonrpc":"2.0"}', 1007],
    ['a cancellation without parameters', '{"jsonrpc":"2.0","method":"$/cancelRequest"}', 1007],
    ['a request without an id that can be answered', '{"jsonrpc":"2.0","id":null,"method":"run/list"}', 1007],
    ['a binary frame', Buffer.from('{"jsonrpc":"2.0","id":2,"method":"run/list"}'), 1003],
    ['an oversized message', 'x'.repeat(maxMessageBytes + 1), 1009],
  ] as const)('ends after %s, and nobody else’s does', async (_, message, code) => {
    expect(await closeCodeAfter((socket) => socket.send(message))).toBe(code);
  });

  it.each([
    ['a frame that is not masked', [0x81, 0x02, 0x7b, 0x7d], 1002],
    ['reserved bits', [0xf1, 0x80, 0, 0, 0, 0], 1002],
    ['an unknown kind of frame', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['text that is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007],
  ])('ends after %s', async (_, bytes, code) => {
    expect(await closeCodeAfter((socket) => void (socket as unknown as { _socket: Socket })._socket.write(Buffer.from(bytes)))).toBe(code);
  });
});
