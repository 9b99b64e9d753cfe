/** Which proxy a request goes through: the environment variables that curl and the Python tools read. */
import { BlockList, isIP } from 'node:net';
import { WorkbenchError } from '../core/errors.ts';
import { isThisMachine } from './thisMachine.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `HTTPS_PROXY` or `HTTP_PROXY` by the address's protocol, else `ALL_PROXY`; the lower-case names come first. undefined: directly, as for
 * what `NO_PROXY` names and for this machine itself. Throws `network.proxy` for a proxy of another kind than http or https.
 */
export function proxyFor(address: URL, environment: Environment = process.env): URL | undefined {
  const set = (name: string): string | undefined =>
    [environment[name.toLowerCase()], environment[name]].map((value) => value?.trim()).find((value) => (value ?? '') !== '');
  const name = [address.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY', 'ALL_PROXY'].find((each) => set(each) !== undefined);
  if (name === undefined || isThisMachine(address) || isExcepted(address, set('NO_PROXY') ?? '')) return undefined;
  const text = set(name) as string;
  const url = text.includes('://') ? text : `http://${text}`;
  const proxy = URL.canParse(url) ? new URL(url) : undefined;
  if (proxy !== undefined && ['http:', 'https:'].includes(proxy.protocol) && proxy.hostname !== '') return proxy;
  throw new WorkbenchError({
    code: 'network.proxy',
    // A password may be part of it.
    message: `${name} names no proxy that can be used${proxy === undefined ? '' : `: it begins with ${proxy.protocol}//`}.`,
    remedy: 'Write it as http://host:port, with user:password@ before the host if it wants them, or unset it.',
  });
}

/** For messages: without user and password. */
export function proxyText({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** `exceptions`: names of hosts, which stand for those below them too, addresses and ranges of addresses, each with a port or without; `*` is all. */
function isExcepted(address: URL, exceptions: string): boolean {
  const host = address.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = address.port === '' ? (address.protocol === 'https:' ? '443' : '80') : address.port;
  return exceptions
    .toLowerCase()
    .split(/[\s,]+/)
    .some((exception) => {
      if (exception === '*') return true;
      const [, bracketed, plain, ownPort] = /^(?:\[([^\]]+)\]|([^:]*(?::[^:]*:.*)?))(?::(\d+))?$/.exec(exception) ?? [];
      const name = (bracketed ?? plain ?? '').replace(/^\*?\./, '');
      if (name === '' || (ownPort !== undefined && ownPort !== port)) return false;
      return name.includes('/') ? isInRange(host, name) : host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
    });
}

/** Whether an address lies in a range such as `10.0.0.0/8`. */
function isInRange(host: string, range: string): boolean {
  const [first = '', prefix = ''] = range.split('/');
  const family = isIP(first);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(first, Number(prefix), kind);
  return list.check(host, kind);
}
