/** One client: JSON-RPC over its socket, from the handshake to its end. What it asked for is done also when it has left (a window is reloaded). */
import { createMessageConnection, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import { requestSchemas, type Method, type Result } from '../protocol/methods.ts';
import type { EditorClient } from './editorModels.ts';
import { handlers } from './handlers.ts';
import { Outbox } from './outbox.ts';
import { invalidParams, notInitialized, responseOf, unknownMethod } from './requestErrors.ts';
import type { CheckedParams, Handler, RequestContext, Service } from './service.ts';
import { closeCodes, SocketReader, SocketWriter } from './socketStreams.ts';

export interface Client {
  readonly outbox: Outbox;
  readonly ended: Promise<void>;
}

/** A connection that says nothing for this long is closed. */
const initializeMs = 10_000;

export function serveConnection(socket: WebSocket, service: Service): Client {
  const { log } = service;
  const logger = { error: (text: string) => log.info(`connection: ${text}`), warn: ignore, info: ignore, log: ignore };
  const connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket, () => outbox.wake()), logger);
  const outbox = new Outbox(
    {
      bufferedBytes: () => socket.bufferedAmount,
      send: (name, params) => void connection.sendNotification(name, params).catch((error: unknown) => log.error(`notification ${name}`, error)),
    },
    service.stores,
    (error) => log.error('events of a client', error),
  );
  let isInitialized = false;
  let detachEditor: (() => void) | undefined;
  const deadline = setTimeout(() => socket.close(closeCodes.policyViolation, 'No "initialize" came.'), initializeMs);

  connection.onRequest(async (method: string, params: object | unknown[] | undefined, token: CancellationToken) => {
    const controller = new AbortController();
    const { signal } = controller;
    token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    try {
      if (!isMethod(method)) throw unknownMethod(method);
      if (!isInitialized && method !== 'initialize') throw notInitialized(method);
      const result = await answer(method, params ?? {}, { ...service, signal, outbox });
      if (method === 'initialize' && canAskEditor(params)) detachEditor ??= service.editorModels.attach(editorOf(connection));
      isInitialized = true;
      clearTimeout(deadline);
      return result;
    } catch (error) {
      const { response, isUnexpected } = responseOf(error, signal);
      if (isUnexpected) log.error(`request ${method}`, error);
      return response;
    }
  });
  const ended = new Promise<void>((resolve) => {
    connection.onClose(() => {
      clearTimeout(deadline);
      outbox.close();
      detachEditor?.();
      connection.dispose();
      resolve();
    });
  });
  connection.onError(([error]) => log.info(`connection: ${error.message}`));
  connection.listen();
  return { outbox, ended };
}

function canAskEditor(params: object | unknown[] | undefined): boolean {
  return requestSchemas.initialize.safeParse(params).data?.capabilities?.languageModel === true;
}

function editorOf(connection: MessageConnection): EditorClient {
  const send = (name: string, params: object): void => void connection.sendNotification(name, params).catch(ignore);
  return { ask: (params) => send('languageModel/ask', params), cancel: (params) => send('languageModel/cancel', params) };
}

async function answer<M extends Method>(method: M, params: unknown, context: RequestContext): Promise<Result<M>> {
  const parsed = requestSchemas[method].safeParse(params);
  if (!parsed.success) throw invalidParams(method, parsed.error);
  const handler: Handler<M> = handlers[method];
  return handler(parsed.data as CheckedParams<M>, context);
}

function isMethod(name: string): name is Method {
  return Object.hasOwn(requestSchemas, name);
}

function ignore(): void {
  // Only errors are logged.
}
