/** One connection to a backend: typed requests, cancellation, notifications. */
import { createMessageConnection, CancellationTokenSource, type MessageConnection } from 'vscode-jsonrpc/node';
import { WebSocket } from 'ws';
import {
  maxMessageBytes,
  protocolVersion,
  socketPath,
  type BackendFile,
  type Method,
  type Notifications,
  type Params,
  type Result,
} from '../../backend/protocol/methods.ts';
import { BackendError, connectionLost, errorDataOf } from './errors.ts';
import { SocketReader, SocketWriter } from './socketStreams.ts';

const handshakeMs = 5000;

export class BackendClient {
  readonly #socket: WebSocket;
  readonly #connection: MessageConnection;
  readonly closed: Promise<void>;
  #isClosed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket));
    this.closed = new Promise((resolve) => {
      this.#connection.onClose(() => {
        this.#isClosed = true;
        resolve();
      });
    });
    // What ends the connection is told by `closed`.
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  /** Connects and shakes hands. Rejects with `backend.refused` or with what the backend says of the protocol. */
  static async connect({ port, token }: Pick<BackendFile, 'port' | 'token'>): Promise<{ client: BackendClient; hello: Result<'initialize'> }> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${socketPath}`, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: handshakeMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('error', (error) => reject(refused(port, error)));
    });
    const client = new BackendClient(socket);
    try {
      return { client, hello: await client.request('initialize', { protocolVersion, client: 'vscode', capabilities: { languageModel: true } }) };
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** Rejects with a `BackendError`; an aborted signal cancels the work on the other side too. */
  async request<M extends Method>(method: M, params: Params<M>, signal?: AbortSignal): Promise<Result<M>> {
    if (this.#isClosed) throw lost(method);
    const cancel = new CancellationTokenSource();
    const abort = (): void => cancel.cancel();
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    const ended = this.closed.then(() => Promise.reject(lost(method)));
    try {
      return await Promise.race([this.#connection.sendRequest<Result<M>>(method, params, cancel.token), ended]);
    } catch (error) {
      throw new BackendError(errorDataOf(error));
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  onNotification<N extends keyof Notifications>(name: N, listener: (params: Notifications[N]) => void): void {
    this.#connection.onNotification(name, listener);
  }

  close(): void {
    this.#socket.close();
    this.#connection.dispose();
  }
}

function refused(port: number, error: Error): BackendError {
  return new BackendError({
    code: 'backend.refused',
    message: `The backend at port ${port} did not let the extension in (${error.message}).`,
    remedy: 'Run "Critique-GRPO: Restart Backend".',
  });
}

function lost(method: string): BackendError {
  return new BackendError({
    code: connectionLost,
    message: `The backend went away before it answered "${method}".`,
    remedy: 'It is being started again; nothing that was shown is lost. Try once more in a moment.',
  });
}
