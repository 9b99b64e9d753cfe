/** The door: WebSocket connections on the loopback interface, for those only who know the token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { maxMessageBytes, socketPath } from '../protocol/methods.ts';

export interface DoorOptions {
  readonly token: string;
  readonly onConnection: (socket: WebSocket) => void;
  /** Answers plain HTTP of those who know the token; without it there is none. */
  readonly onRequest?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Someone was turned away, with this HTTP status. */
  readonly onRefused?: (status: number) => void;
}

export interface Door {
  readonly port: number;
  /** Refuses new connections and ends those there are: politely, then after a second by force. */
  close(): Promise<void>;
}

const maxConnections = 64;
/** Close code "going away". */
const goingAway = 1001;

/** Listens on a free port of 127.0.0.1. */
export async function openDoor({ token, onConnection, onRequest, onRefused }: DoorOptions): Promise<Door> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  const http = createServer((request, response) => {
    const status = strangerStatus(request, token) ?? (onRequest === undefined || request.url === socketPath ? 400 : null);
    if (status === null) {
      onRequest?.(request, response);
      return;
    }
    if (status !== 400) onRefused?.(status);
    response.writeHead(status, { connection: 'close' }).end();
  });
  http.on('upgrade', (request, stream: Duplex, head) => {
    stream.on('error', () => stream.destroy());
    const status = refusalOf(request, token) ?? (sockets.clients.size >= maxConnections ? 503 : null);
    if (status === null) {
      sockets.handleUpgrade(request, stream, head, onConnection);
      return;
    }
    onRefused?.(status);
    stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => stream.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => resolve());
  });
  return {
    port: (http.address() as AddressInfo).port,
    close: () => closeAll(http, sockets),
  };
}

/** The HTTP status to turn an upgrade away with; null for one that may come in. */
function refusalOf(request: IncomingMessage, token: string): number | null {
  return strangerStatus(request, token) ?? (request.method === 'GET' && request.url === socketPath ? null : 400);
}

/** Null for one who knows the token. A browser always sends an `Origin` where it matters; an editor's host never. */
export function strangerStatus({ headers }: IncomingMessage, token: string): 401 | 403 | null {
  if (headers.origin !== undefined) return 403;
  return isSecret(headers.authorization, `Bearer ${token}`) ? null : 401;
}

/** In a time that tells nothing of the secret, its length included. */
function isSecret(given: string | undefined, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(secret));
}

async function closeAll(http: ReturnType<typeof createServer>, sockets: WebSocketServer): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  for (const socket of sockets.clients) socket.close(goingAway, 'The backend ends.');
  const force = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
  }, 1000);
  await closed;
  clearTimeout(force);
}
