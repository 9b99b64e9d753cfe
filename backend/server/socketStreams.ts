/** JSON-RPC messages over one WebSocket: a text frame a message. A peer that does not read is not read from either, so nothing piles up. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  Message,
  type DataCallback,
  type Disposable,
  type MessageReader,
  type MessageWriter,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import { messageOf } from '../core/errors.ts';
import { maxMessageBytes, type ErrorData } from '../protocol/methods.ts';

/** Bytes waiting to be sent from which on a client counts as slow, and below which it has caught up. */
export const slowAbove = 2 ** 20;
const caughtUpBelow = slowAbove / 4;

/** Close codes of RFC 6455 §7.4.1. */
export const closeCodes = { unsupportedData: 1003, invalidPayload: 1007, policyViolation: 1008 } as const;

export class SocketReader extends AbstractMessageReader implements MessageReader {
  private readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    // A frame that is too large or malformed: `ws` has sent the close code before it tells.
    this.socket.on('error', (error) => this.fireError(error));
    this.socket.on('close', () => this.fireClose());
    this.socket.on('message', (data, isBinary) => {
      if (isBinary) this.socket.close(closeCodes.unsupportedData, 'Messages are text.');
      else this.receive(String(data as Buffer), callback);
    });
    return { dispose: () => this.socket.removeAllListeners('message') };
  }

  private receive(text: string, callback: DataCallback): void {
    try {
      const message: unknown = JSON.parse(text);
      if (!isMessage(message)) throw new Error('it is no JSON-RPC 2.0 message');
      callback(message);
    } catch (error) {
      this.socket.close(closeCodes.invalidPayload, `Message refused: ${messageOf(error)}`.slice(0, 100));
    }
  }
}

function isMessage(value: unknown): value is Message {
  const message = value as Message | null;
  return message?.jsonrpc === '2.0' && (Message.isRequest(message) || Message.isNotification(message) || Message.isResponse(message));
}

export class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  private readonly socket: WebSocket;
  private readonly onCaughtUp: () => void;

  /** `onCaughtUp` is called whenever what was sent has left and little waits. */
  constructor(socket: WebSocket, onCaughtUp: () => void) {
    super();
    this.socket = socket;
    this.onCaughtUp = onCaughtUp;
  }

  /** Resolves when the message has left. One to a peer that is gone is dropped in silence. */
  write(message: Message): Promise<void> {
    const { socket } = this;
    return new Promise((resolve) => {
      socket.send(sendable(message), () => {
        resolve();
        if (socket.bufferedAmount > caughtUpBelow) return;
        socket.resume();
        this.onCaughtUp();
      });
      if (socket.bufferedAmount > slowAbove) socket.pause();
    });
  }

  end(): void {
    // The socket is closed by its owner.
  }
}

/** A result that exceeds what the client accepts becomes an error, not the end of the connection. */
function sendable(message: Message): string {
  const text = JSON.stringify(message);
  if (text.length * 3 < maxMessageBytes || Buffer.byteLength(text) <= maxMessageBytes) return text;
  if (!Message.isResponse(message)) throw new Error(`A message of ${Buffer.byteLength(text)} bytes that nobody asked for.`);
  const data: ErrorData = {
    code: 'reply.tooLarge',
    message: `The answer has ${Buffer.byteLength(text)} bytes; ${maxMessageBytes} fit into a message.`,
    remedy: 'Ask for less at a time: a smaller page, fewer names or a shorter range of steps.',
  };
  return JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32000, message: `${data.message} ${data.remedy ?? ''}`, data } });
}
