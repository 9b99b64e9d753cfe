/** The OpenAI-compatible endpoint as a server of its own, for one policy: what `critique-grpo serve` runs. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messageOf, WorkbenchError } from '../core/errors.ts';
import { openaiEndpoint, type ServedModels } from './openaiEndpoint.ts';
import { strangerStatus } from './socket.ts';

export interface OpenaiServerOptions {
  readonly models: ServedModels;
  /** Everyone who asks must send it as a bearer token. */
  readonly token: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly onUnexpected: (error: unknown) => void;
}

export interface OpenaiServer {
  readonly port: number;
  /** Refuses new requests and ends those under way. */
  close(): Promise<void>;
}

/** Listens on loopback. Throws `port.taken` or `port.refused`. */
export async function openOpenaiServer({ models, token, port, onUnexpected }: OpenaiServerOptions): Promise<OpenaiServer> {
  const endpoint = openaiEndpoint(models, onUnexpected);
  const http = createServer((request, response) => {
    const status = strangerStatus(request, token);
    if (status === null) void endpoint.serve(request, response);
    else response.writeHead(status, { connection: 'close' }).end();
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => reject(portError(error, port)));
    http.listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
  return {
    port: (http.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

function portError(error: NodeJS.ErrnoException, port: number): WorkbenchError {
  const isTaken = error.code === 'EADDRINUSE';
  return new WorkbenchError({
    code: isTaken ? 'port.taken' : 'port.refused',
    message: isTaken ? `Another program listens on port ${port}.` : `Port ${port} cannot be listened on (${messageOf(error)}).`,
    remedy: 'Give another --port, or 0 for a free one.',
    cause: error,
  });
}
