/** A client of the backend for tests: real sockets, and everything it was told. */
import { once } from 'node:events';
import { createMessageConnection, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import { WebSocket, type ClientOptions } from 'ws';
import type { Event } from '../../../backend/protocol/events.ts';
import {
  protocolVersion,
  socketPath,
  type ErrorData,
  type Method,
  type Notifications,
  type Params,
  type Result,
} from '../../../backend/protocol/methods.ts';
import type { Progress } from '../../../backend/protocol/views.ts';
import { SocketReader, SocketWriter } from '../../../backend/server/socketStreams.ts';

export interface Place {
  readonly port: number;
  readonly token: string;
}

export class RpcClient {
  readonly socket: WebSocket;
  readonly events: Event[] = [];
  readonly progress: Progress[] = [];
  readonly changedRuns: string[] = [];
  readonly changedExperiments: string[] = [];
  private readonly connection: MessageConnection;
  private onNews: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    const silent = { error: ignore, warn: ignore, info: ignore, log: ignore };
    this.connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket, ignore), silent);
    this.hear('events', ({ events }) => this.events.push(...events));
    this.hear('progress', (progress) => this.progress.push(progress));
    this.hear('runsChanged', ({ runId }) => this.changedRuns.push(runId));
    this.hear('experimentsChanged', ({ id }) => this.changedExperiments.push(id));
    this.connection.listen();
  }

  /** Connects and shakes hands. */
  static async connect(place: Place): Promise<RpcClient> {
    const client = await RpcClient.knock(place);
    await client.ask('initialize', { protocolVersion, client: 'test' });
    return client;
  }

  /** Connects without a first request. */
  static async knock(place: Place): Promise<RpcClient> {
    const socket = openSocket(place);
    await once(socket, 'open');
    return new RpcClient(socket);
  }

  ask<M extends Method>(method: M, params: Params<M>, token?: CancellationToken): Promise<Result<M>> {
    return this.request(method, params, token);
  }

  /** What a request that must fail fails with. */
  async failureOf(
    method: string,
    params: unknown,
    token?: CancellationToken,
  ): Promise<{ readonly code: number; readonly message: string; readonly data: ErrorData }> {
    try {
      await this.request(method, params, token);
    } catch (error) {
      return error as { code: number; message: string; data: ErrorData };
    }
    throw new Error(`${method} did not fail`);
  }

  /** Waits until what was heard so far fulfills the condition. */
  async until(isFulfilled: () => boolean, limitMs = 20_000): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!isFulfilled()) {
      if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms in vain; the last event is ${JSON.stringify(this.events.at(-1))}`);
      await Promise.race([new Promise<void>((resolve) => (this.onNews = resolve)), new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  }

  close(): void {
    this.socket.terminate();
  }

  /** An argument that is there but undefined would make the parameters positional. */
  private request<T>(method: string, params: unknown, token: CancellationToken | undefined): Promise<T> {
    return token === undefined ? this.connection.sendRequest(method, params) : this.connection.sendRequest(method, params, token);
  }

  hear<N extends keyof Notifications>(name: N, listener: (params: Notifications[N]) => void): void {
    this.connection.onNotification(name, (params: Notifications[N]) => {
      listener(params);
      this.onNews();
    });
  }
}

export function openSocket({ port, token }: Place, options: ClientOptions = {}, path: string = socketPath): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
}

function ignore(): void {
  // Nothing to do.
}
