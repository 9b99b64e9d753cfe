/** Puts the backend together and runs it: claim, store, door, clients, and the orderly end. */
import { join, resolve } from 'node:path';
import type { Event } from '../protocol/events.ts';
import type { Progress } from '../protocol/views.ts';
import { storeFolder } from '../store/workspaceFolders.ts';
import { claimWorkspace, newToken, type BackendPlace } from './backendFile.ts';
import { serveConnection, type Client } from './connection.ts';
import { EditorModels } from './editorModels.ts';
import { Experiments } from './experiments.ts';
import { Keys } from './keys.ts';
import { openLog } from './log.ts';
import { RunHost, type RunHostOptions } from './runHost.ts';
import type { Doctor, Service } from './service.ts';
import { openaiEndpoint, type ServedModels } from './openaiEndpoint.ts';
import { openDoor } from './socket.ts';
import { StoreAccess } from './storeAccess.ts';

export interface BackendOptions extends Pick<RunHostOptions, 'entries' | 'demoFolder' | 'threads' | 'openEngine' | 'standByMs'> {
  readonly workspace: string;
  /** Nothing of the workspace is run or written. */
  readonly isViewOnly: boolean;
  /** Without clients and without a run in progress for this long, the backend ends. */
  readonly idleMinutes: number;
  /** Of this program. */
  readonly version: string;
  readonly doctor: Doctor;
  /** Hears every line of the log. */
  readonly onLog: (line: string) => void;
}

export interface RunningBackend {
  readonly kind: 'running';
  readonly port: number;
  readonly token: string;
  /** Ends in order: a checkpoint of the run in progress, then clients, store and place. The same end for whoever asks again. */
  shutDown(reason: string): Promise<void>;
  /** Resolves after the orderly end, whoever asked for it. */
  readonly ended: Promise<void>;
  /** For what the process catches: an error that belongs to no request. */
  logError(text: string, error: unknown): void;
}

/** The workspace has a backend already: where it answers. */
export interface ExistingBackend {
  readonly kind: 'existing';
  readonly port: number;
  readonly pid: number;
}

/** Throws `store.…` and `backend.unreachable`. */
export async function startBackend(options: BackendOptions): Promise<RunningBackend | ExistingBackend> {
  const workspace = resolve(options.workspace);
  const claim = await claimWorkspace(workspace);
  if (claim.kind === 'taken') return { kind: 'existing', port: claim.backend.port, pid: claim.backend.pid };
  try {
    return await serve(claim.place, { ...options, workspace });
  } catch (error) {
    await claim.place.release();
    throw error;
  }
}

async function serve(place: BackendPlace, options: BackendOptions): Promise<RunningBackend> {
  const { workspace, isViewOnly, version, idleMinutes, demoFolder, doctor } = options;
  const clients = new Set<Client>();
  const tellAll = (tell: (client: Client) => void): void => clients.forEach(tell);
  const log = openLog(join(storeFolder(workspace), 'backend.log'), options.onLog);
  const stores = new StoreAccess(workspace, {
    isViewOnly,
    onEvents: (events) => {
      tellAll(({ outbox }) => outbox.wake());
      for (const runId of new Set(events.filter(isLifecycle).map((event) => event.runId))) tellAll(({ outbox }) => outbox.runChanged(runId));
    },
  });
  const keys = new Keys();
  const editorModels = new EditorModels();
  const host = new RunHost({
    ...options,
    surroundings: { secretOf: keys.get, editor: (model) => editorModels.endpoint(model) },
    stores,
    log,
    onActivity: (runId) => tellAll(({ outbox }) => outbox.runChanged(runId)),
    onProgress: (progress: Progress) => tellAll(({ outbox }) => outbox.progress(progress)),
  });

  const experiments = new Experiments({
    ...{ workspace, host, stores, entries: options.entries, demoFolder, log },
    onChange: (id) => tellAll(({ outbox }) => outbox.experimentChanged(id)),
  });

  let end: Promise<void> | undefined;
  let tellEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolveEnded) => (tellEnded = resolveEnded));
  const shutDown = (reason: string): Promise<void> => {
    end ??= endInOrder(reason).finally(tellEnded);
    return end;
  };
  const service: Service = {
    workspace,
    version,
    demoFolder,
    entries: options.entries,
    isViewOnly,
    stores,
    host,
    experiments,
    log,
    keys,
    editorModels,
    doctor,
    shutDown: () => void shutDown('a client asked for it'),
  };
  const token = newToken();
  const openai = openaiEndpoint(servedRuns(stores, host), (error) => log.error('a request to the policy', error));
  const door = await openDoor({
    token,
    onRequest: (request, response) => void openai.serve(request, response),
    onRefused: (status) => log.info(`a connection was refused (${status})`),
    onConnection: (socket) => {
      const client = serveConnection(socket, service);
      clients.add(client);
      void client.ended.then(() => clients.delete(client));
    },
  });

  async function endInOrder(reason: string): Promise<void> {
    log.info(`the backend ends: ${reason}`);
    clearInterval(idle);
    await experiments.close();
    await host.close();
    // Clients hear of the last events before they are sent away.
    await Promise.all([...clients].map(({ outbox }) => outbox.flush()));
    await door.close();
    stores.close();
    await place.release();
    log.close();
  }

  await place.announce({ port: door.port, token });
  const idle = watchIdleness(
    idleMinutes,
    () => clients.size > 0 || host.isTraining || experiments.isRunning || openai.active > 0,
    () => void shutDown(`nobody needed it for ${idleMinutes} minutes`),
  );
  const mode = isViewOnly ? ', for viewing only' : stores.canWrite() ? '' : ', reading only, because another process writes';
  log.info(`backend ${version} serves ${workspace} on port ${door.port}${mode}`);
  return { kind: 'running', port: door.port, token, shutDown, ended, logError: (text, error) => log.error(text, error) };
}

/** Every run is a model under its id: the policy of now while it trains, else its last checkpoint. */
function servedRuns(stores: StoreAccess, host: RunHost): ServedModels {
  return {
    list: () => (stores.currentOrNull?.runs() ?? []).map(({ id, createdAt }) => ({ id, createdAt })),
    ask: (runId, signal, work) => host.ask(runId, undefined, signal, (run) => work(run)),
  };
}

function isLifecycle({ body }: Event): boolean {
  return body.type === 'runStarted' || body.type === 'runStopped';
}

/** Calls `onIdle` once nothing was going on for the given time. */
function watchIdleness(minutes: number, isBusy: () => boolean, onIdle: () => void): NodeJS.Timeout {
  const limitMs = minutes * 60_000;
  let lastBusy = performance.now();
  const look = (): void => {
    if (isBusy()) lastBusy = performance.now();
    else if (performance.now() - lastBusy >= limitMs) onIdle();
  };
  return setInterval(look, Math.min(10_000, limitMs / 4));
}
