/** Downloads and critics through a real proxy: tunnels for TLS, absolute addresses without, and what goes wrong on the way. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { downloadFile } from '../../../backend/hub/download.ts';
import { parseHubAddress } from '../../../backend/hub/hubAddress.ts';
import { selfSigned } from '../../support/selfSigned.ts';
import { repositoryRoot } from '../../support/sourceTree.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { chatServer, says } from '../critics/chatServer.ts';
import { quick, settingsFor, startHub } from '../hub/hubServer.ts';
import { proxyServer } from './proxyServer.ts';

const run = promisify(execFile);
const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

/** TLS for a server of this machine that has none; gives the port. */
async function secured(target: number, identity: { readonly key: string; readonly cert: string }): Promise<number> {
  const server = createServer(identity, (socket) => {
    const onward = connect(target, '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    for (const each of [socket, onward]) each.on('error', () => each.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const portOf = (url: string): number => Number(new URL(url).port);

/** A process that knows the proxy and trusts the certificate. */
function environmentOf(proxy: string, cert: string): NodeJS.ProcessEnv {
  const path = join(temporaryFolder(), 'cert.pem');
  writeFileSync(path, cert);
  return { ...before, HTTPS_PROXY: proxy, NODE_EXTRA_CA_CERTS: path };
}

it('a download with TLS goes through a tunnel, with the proxy’s credentials and without its knowing the token', async () => {
  const hub = await startHub({ 'train.jsonl': '{"problem": "1 + 1?", "answer": "2"}\n' });
  const identity = selfSigned('hub.test');
  const proxy = await proxyServer({ 'hub.test:443': await secured(portOf(hub.url), identity) }, 'me:p@ss');
  const cache = temporaryFolder();
  const { stdout } = await run(process.execPath, [join(repositoryRoot, 'dist/cli.js'), 'download', 'hf://datasets/owner/model/train.jsonl'], {
    env: {
      ...environmentOf(`http://me:p%40ss@127.0.0.1:${proxy.port}`, identity.cert),
      HF_ENDPOINT: 'https://hub.test',
      HF_HUB_CACHE: cache,
      HF_TOKEN: 'the-token',
    },
  });
  expect(await readFile(stdout.trim().split('\n').at(-1) ?? '', 'utf8')).toContain('1 + 1?');
  expect(new Set(proxy.passed.map(({ line }) => line))).toEqual(new Set(['CONNECT hub.test:443']));
  expect(hub.requests[0]?.authorization).toBe('Bearer the-token');
});

it('a critic at an endpoint is asked through a tunnel', async () => {
  const server = await chatServer(says('Step 2 is wrong.'));
  const identity = selfSigned('critic.test');
  const proxy = await proxyServer({ 'critic.test:443': await secured(portOf(server.baseUrl), identity) });
  const script = fileURLToPath(new URL('askEndpoint.ts', import.meta.url));
  const { stdout } = await run(process.execPath, ['--import', 'tsx', script, 'https://critic.test/v1'], {
    cwd: repositoryRoot,
    env: environmentOf(`http://127.0.0.1:${proxy.port}`, identity.cert),
  });
  expect(stdout).toBe('Step 2 is wrong.');
  expect(proxy.passed.map(({ line }) => line)).toEqual(['CONNECT critic.test:443']);
  expect(server.asked[0]?.headers.authorization).toBe('Bearer the-key');
});

it('what has no TLS is asked of the proxy, and continued there when the connection breaks', async () => {
  const text = `{"problem": "?", "answer": "${'1'.repeat(900)}"}`;
  const hub = await startHub({ 'train.jsonl': text });
  const proxy = await proxyServer({ 'hub.test:80': portOf(hub.url) });
  process.env['http_proxy'] = `127.0.0.1:${proxy.port}`;
  let faults = 0;
  hub.fault = ({ path, range }, response) => {
    if (!path.includes('/resolve/') || range !== undefined || faults++ > 0) return false;
    response.writeHead(200, { 'content-length': text.length });
    response.write(text.slice(0, 500), () => response.destroy());
    return true;
  };
  const settings = settingsFor({ url: 'http://hub.test' });
  const path = await downloadFile(parseHubAddress('hf://datasets/owner/model/train.jsonl'), { settings, pace: quick });
  expect(await readFile(path, 'utf8')).toBe(text);
  expect(proxy.passed.map(({ line }) => line).filter((line) => line.includes('/resolve/')).length).toBeGreaterThan(1);
  expect(proxy.passed.every(({ line }) => line.startsWith('GET http://hub.test/'))).toBe(true);
});

it.each<[string, (port: number) => Record<string, string>, RegExp]>([
  ['that is not there', () => ({ http_proxy: 'http://me:secret@127.0.0.1:9' }), /ECONNREFUSED.*by way of the proxy http:\/\/127\.0\.0\.1:9\)/],
  ['that is none', () => ({ http_proxy: 'ftp://me:secret@proxy' }), /HTTP_PROXY names no proxy that can be used/],
  ['that asks for a password', (port) => ({ http_proxy: `http://127.0.0.1:${port}` }), /Proxy Authentication Required \(407\), by way of the proxy/],
])('a proxy %s is named, and its password is not', async (_, environment, message) => {
  const proxy = await proxyServer({}, 'me:secret');
  Object.assign(process.env, environment(proxy.port));
  const download = downloadFile(parseHubAddress('hf://datasets/owner/model/train.jsonl'), {
    settings: settingsFor({ url: 'http://hub.test' }),
    pace: { ...quick, attempts: 1 },
  });
  const error = await download.then(
    () => 'no error',
    (thrown: unknown) => String(thrown),
  );
  expect(error).toMatch(message);
  expect(error).not.toContain('secret');
});

it('ends when its signal does', async () => {
  const proxy = await proxyServer({});
  process.env['http_proxy'] = `http://127.0.0.1:${proxy.port}`;
  const download = downloadFile(parseHubAddress('hf://datasets/owner/model/train.jsonl'), {
    settings: settingsFor({ url: 'http://hub.test' }),
    pace: { ...quick, firstDelayMs: 60_000, longestDelayMs: 60_000 },
    signal: AbortSignal.timeout(300),
  });
  await expect(download).rejects.toMatchObject({ name: 'AbortError' });
});
