/** `fetch`, through the proxy that the environment names for the address. */
import { messageOf } from '../core/errors.ts';
import { proxyFor, proxyText } from './proxy.ts';

/** As `fetch`, and throws `network.proxy`. What fails on the way through a proxy says so. */
export async function outgoingFetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
  const url = new URL(address);
  const proxy = proxyFor(url);
  if (proxy === undefined) return fetch(url, init);
  const { proxyFetch } = await import('./proxyFetch.ts');
  try {
    return await proxyFetch(url, init, proxy);
  } catch (error) {
    init.signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new TypeError('fetch failed', { cause: new Error(`${messageOf(cause)}, by way of the proxy ${proxyText(proxy)}`, { cause }) });
  }
}
