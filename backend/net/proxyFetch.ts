/**
 * Requests through a proxy: what Node's own `fetch` does from version 24 on, and there only when it is told to. A program of its own in
 * `dist/`, loaded where there is a proxy. The door to undici.
 */
import { fetch, ProxyAgent, type RequestInit as UndiciInit } from 'undici';

/** One for each proxy: it keeps connections. */
const agents = new Map<string, ProxyAgent>();

/** Addresses with TLS are reached through a tunnel (CONNECT), so that the proxy sees their host and no more; others are asked of the proxy. */
export async function proxyFetch(address: URL, init: RequestInit, proxy: URL): Promise<Response> {
  const known = agents.get(proxy.href);
  const dispatcher = known ?? new ProxyAgent({ uri: proxy.href, proxyTunnel: false });
  if (known === undefined) agents.set(proxy.href, dispatcher);
  // The same types by another name.
  return (await fetch(address, { ...(init as unknown as UndiciInit), dispatcher })) as unknown as Response;
}
