/** A hub on loopback: real HTTP with listings, redirects to a second host for large files, ranges, and faults to order. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { HubSettings } from '../../../backend/hub/hubSettings.ts';
import type { Pace } from '../../../backend/hub/hubRequest.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

/** Files of this many bytes and more are large: named by sha256 and served by the second host. */
const largeFrom = 1000;

export interface HubRequest {
  readonly host: 'hub' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** Answers in the place of the server when it returns true. */
export type Fault = (request: HubRequest, response: ServerResponse) => boolean | Promise<boolean>;

export interface HubServer {
  readonly url: string;
  readonly requests: readonly HubRequest[];
  /** How often a path was asked for at either host. */
  asked(ending: string): HubRequest[];
  /** In front of everything; undefined for none. */
  fault: Fault | undefined;
  /** What `main` points to. */
  commit: string;
  files: Readonly<Record<string, Buffer>>;
  /** Whether listings name sizes and checksums; if not, headers do. */
  tellsBlobs: boolean;
  close(): Promise<void>;
}

export const firstCommit = 'a'.repeat(40);

/** A hub with one repository `owner/model` (and the data set of the same name), closed when the test has ended. */
export async function startHub(files: Readonly<Record<string, string | Buffer>>): Promise<HubServer> {
  const requests: HubRequest[] = [];
  const storage = await listen((request, response) => answer('storage', request, response));
  const main = await listen((request, response) => answer('hub', request, response));
  const hub: HubServer = {
    url: urlOf(main),
    requests,
    asked: (ending) => requests.filter(({ path }) => path.endsWith(ending)),
    fault: undefined,
    commit: firstCommit,
    files: Object.fromEntries(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)])),
    tellsBlobs: true,
    close: async () => {
      for (const server of [main, storage]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  onTestFinished(() => hub.close());

  async function answer(host: HubRequest['host'], incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '', 'http://hub');
    const { range, authorization } = incoming.headers;
    const request: HubRequest = { host, method: incoming.method ?? '', path: decodeURIComponent(pathname), range, authorization };
    requests.push(request);
    if (hub.fault !== undefined && (await hub.fault(request, response))) return;
    const [, , revision] = /^\/api\/(model|dataset)s\/owner\/model\/revision\/(.+)$/.exec(request.path) ?? [];
    if (revision !== undefined) return listing(revision, response);
    const [, commit, name = ''] = /^\/(?:datasets\/)?(?:owner\/model\/resolve\/([^/]+)|storage)\/(.+)$/.exec(request.path) ?? [];
    const content = hub.files[name];
    if (content === undefined) return refuse(response, 404, 'EntryNotFound');
    if (host === 'hub' && content.length >= largeFrom) {
      response.writeHead(302, {
        location: `${urlOf(storage)}/storage/${name}`,
        'x-repo-commit': commit ?? '',
        'x-linked-etag': `"${etagOf(content)}"`,
        'x-linked-size': content.length,
      });
      return void response.end();
    }
    const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    if (start > 0 && start >= content.length) return refuse(response, 416, 'Range');
    const part = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': part.length,
      etag: `"${etagOf(content)}"`,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  }

  function listing(revision: string, response: ServerResponse): void {
    if (revision !== 'main' && revision !== hub.commit) return refuse(response, 404, 'RevisionNotFound');
    const siblings = Object.entries(hub.files).map(([rfilename, content]) => ({
      rfilename,
      ...(hub.tellsBlobs ? { size: content.length, blobId: gitName(content) } : {}),
      ...(hub.tellsBlobs && content.length >= largeFrom ? { lfs: { sha256: etagOf(content), size: content.length, pointerSize: 130 } } : {}),
    }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ id: 'owner/model', sha: hub.commit, siblings }));
  }

  return hub;
}

/** The name of a content: sha256 of large ones, git's sha1 of others. */
export function etagOf(content: Buffer): string {
  return content.length >= largeFrom ? createHash('sha256').update(content).digest('hex') : gitName(content);
}

export function refuse(response: ServerResponse, status: number, code: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { 'x-error-code': code, ...headers });
  response.end(JSON.stringify({ error: code }));
}

/** As patient as a test may be. */
export const quick: Pace = { attempts: 3, firstDelayMs: 5, longestDelayMs: 20, silenceMs: 1000 };

/** Of the test that calls it: an empty cache and the server. */
export function settingsFor(hub: Pick<HubServer, 'url'>, changes: Partial<HubSettings> = {}): HubSettings {
  return { endpoint: hub.url, cacheFolder: temporaryFolder(), token: null, isOffline: false, ...changes };
}

function gitName(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
