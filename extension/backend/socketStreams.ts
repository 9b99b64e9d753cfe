/** JSON-RPC messages over one WebSocket: a text frame a message. */
import { AbstractMessageReader, AbstractMessageWriter, type DataCallback, type Disposable, type Message } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';

export class SocketReader extends AbstractMessageReader {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    this.#socket.on('message', (data: Buffer) => {
      try {
        callback(JSON.parse(data.toString('utf8')) as Message);
      } catch (error) {
        this.fireError(error);
      }
    });
    this.#socket.on('error', (error) => this.fireError(error));
    this.#socket.on('close', () => this.fireClose());
    return { dispose: () => this.#socket.removeAllListeners('message') };
  }
}

export class SocketWriter extends AbstractMessageWriter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  write(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(JSON.stringify(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  end(): void {
    // The socket is closed by its owner.
  }
}
