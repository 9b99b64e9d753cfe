/** A forward proxy on loopback as RFC 9110 has it: requests in absolute form, and CONNECT tunnels. It alone knows where names lead. */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface ProxyServer {
  readonly port: number;
  /** `CONNECT host:port` and `GET http://…`, with the credentials that came with them. */
  readonly passed: readonly { readonly line: string; readonly credentials: string | undefined }[];
}

/** `places` are the ports of this machine by `host:port`. With `credentials`, `user:password`, others are refused. */
export async function proxyServer(places: Readonly<Record<string, number>>, credentials?: string): Promise<ProxyServer> {
  const passed: { line: string; credentials: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  const note = (line: string, given: string | undefined): boolean => {
    passed.push({ line, credentials: given });
    return wanted === undefined || given === wanted;
  };
  const server = createServer((asked, response) => {
    const url = new URL(asked.url ?? '');
    const { 'proxy-authorization': given, ...headers } = asked.headers;
    const port = places[`${url.hostname}:${url.port || 80}`];
    if (!note(`${asked.method} ${url.href}`, given)) return void response.writeHead(407).end();
    if (port === undefined) return void response.writeHead(502).end();
    const onward = httpRequest({ host: '127.0.0.1', port, method: asked.method, path: url.pathname + url.search, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onward);
  });
  server.on('connect', (asked, client: Socket) => {
    const port = places[asked.url ?? ''];
    const isLet = note(`CONNECT ${asked.url}`, asked.headers['proxy-authorization']);
    if (!isLet || port === undefined) return void client.end(`HTTP/1.1 ${isLet ? '502 Bad Gateway' : '407 Proxy Authentication Required'}\r\n\r\n`);
    const onward = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, passed };
}
